"""Conversations and messages: a visitor's own, and those of the caller's clients."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import ALLOWED, NOT_FOUND, NULL
from tests.api.matrix.row import Row, the, visitors_and_members

READ = ("CONVERSATIONS_READ",)

ROWS = (
    Row(
        "conversations",
        {"clientId": the("client")},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=READ).but(
            {Caller.OTHER_VISITOR: ALLOWED}  # of A as well: sees what is the visitor's own
        ),
    ),
    Row(
        "conversations",
        {},
        visitors_and_members(Caller.VIEWER, others=ALLOWED, scopes=READ),
        case="of all clients",
    ),
    Row(
        "conversation",
        {"id": the("conversation")},
        visitors_and_members(Caller.VIEWER, others=NULL, scopes=READ),
    ),
    Row(
        "messages",
        {"conversationId": the("conversation"), "last": 2},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
)
