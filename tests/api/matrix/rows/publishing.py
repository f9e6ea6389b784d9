"""Putting chatbots into pages: whoever sees a chatbot sees how to embed it."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, members, the

ROWS = (
    Row(
        "embedSnippet",
        {"chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NULL, scopes=("CHATBOTS_READ",)),
    ),
    Row(
        "wordpressPlugin",
        {"chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NULL, scopes=("CHATBOTS_READ",)),
    ),
    Row(
        "createPluginConnection",
        {"chatbotId": a_new("chatbot")},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
)
