"""What becomes of a visitor's data: visitors may do it for themselves only."""

from tests.api.matrix.callers import VISITORS, Caller
from tests.api.matrix.outcomes import NOT_FOUND_ERROR
from tests.api.matrix.row import Row, a_new, members

SCOPES = ("CONVERSATIONS_WRITE", "VISITORS_WRITE")
READING_SCOPES = ("CONVERSATIONS_READ", "VISITORS_WRITE")
NOT_ANOTHERS = dict.fromkeys(VISITORS, NOT_FOUND_ERROR)

ROWS = (
    Row(
        "exportVisitor",
        {"visitorId": a_new("visitor")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=READING_SCOPES).but(NOT_ANOTHERS),
    ),
    Row(
        "eraseVisitor",
        {"visitorId": a_new("visitor")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=SCOPES).but(NOT_ANOTHERS),
    ),
)
