"""What happens: to a visitor's widget, and where the streams of it stand."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import ALLOWED, NOT_FOUND
from tests.api.matrix.row import Row, members, only_visitors, the, visitors_and_members

ANOTHER_CLIENTS_CURSOR = "CURSOR_EXPIRED"
"""What an unknown cursor is answered with."""

READ = ("CONVERSATIONS_READ",)
FROM_THE_BEGINNING = {"after": the("beginning", "cursor")}

ROWS = (
    Row(
        "liveCursor",
        {"clientId": the("client")},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=(*READ, "REPORTS_READ")).but(
            {Caller.OTHER_VISITOR: ALLOWED}  # of A as well
        ),
    ),
    Row(
        "conversationEvents",
        {"clientId": the("client"), **FROM_THE_BEGINNING},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=READ).but(
            {Caller.OTHER_VISITOR: ALLOWED}  # sees what is the visitor's own
        ),
    ),
    Row(
        "conversationEvents",
        {
            "chatbotId": the("chatbot"),
            "conversationId": the("conversation"),
            **FROM_THE_BEGINNING,
        },
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
        case="of one conversation",
    ),
    Row(
        "usageUpdates",
        {"clientId": the("client"), **FROM_THE_BEGINNING},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=("REPORTS_READ",)),
    ),
    Row(
        "visitEvents",
        FROM_THE_BEGINNING,
        only_visitors().but({Caller.VISITOR_OF_B: ANOTHER_CLIENTS_CURSOR}),
    ),
)
