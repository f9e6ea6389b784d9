"""The audit log: for owners, and for admins."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import ALLOWED, NOT_FOUND
from tests.api.matrix.row import Row, members, the

ROWS = (
    Row("auditLog", {"clientId": the("client")}, members(Caller.OWNER, others=NOT_FOUND)),
    Row("auditLog", {}, members(Caller.OWNER, others=ALLOWED), case="of all clients"),
)
