"""API keys: owners make and end them, and no key does."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR
from tests.api.matrix.row import Row, a_new, members, the

ROWS = (
    Row("apiKeys", {"clientId": the("client")}, members(Caller.OWNER, others=NOT_FOUND)),
    Row(
        "createApiKey",
        {"clientId": a_new("client"), "name": "Till", "scopes": ["ASK"]},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
    Row("revokeApiKey", {"id": a_new("api_key")}, members(Caller.OWNER, others=NOT_FOUND_ERROR)),
)
