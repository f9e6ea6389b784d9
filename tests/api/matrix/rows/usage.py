"""What a client's chatbots were used for: for its people, and servers that read reports."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NULL
from tests.api.matrix.row import Row, members, the

ROWS = (
    Row(
        "usage",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NULL, scopes=("REPORTS_READ",)),
    ),
)
