"""Putting chatbots into pages: whoever sees a chatbot sees how to embed it."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NULL
from tests.api.matrix.row import Row, members, the

ROWS = (
    Row(
        "embedSnippet",
        {"chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NULL, scopes=("CHATBOTS_READ",)),
    ),
)
