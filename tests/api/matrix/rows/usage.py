"""What a client's chatbots were used for: for its people, and servers that read reports."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NULL
from tests.api.matrix.row import Row, members, the

PERIOD = {"from": "2026-01-01", "until": "2026-02-01"}

ROWS = (
    Row(
        "usage",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
    Row(
        "clientReport",
        {"clientId": the("client"), "period": PERIOD},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
    Row(
        "chatbotReport",
        {"chatbotId": the("chatbot"), "period": PERIOD},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
    Row(
        "llmUsage",
        {"clientId": the("client"), "period": PERIOD},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=("REPORTS_READ",)),
    ),
)
