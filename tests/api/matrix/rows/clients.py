"""Clients: their members see them, owners change them, platform admins make and delete them."""

from tests.api.matrix.callers import SCOPES, Caller
from tests.api.matrix.outcomes import ALLOWED, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, any_new_text, members, only_admins, the

EVERY_SCOPE = tuple(sorted(SCOPES))

ROWS = (
    Row("clients", {}, members(Caller.VIEWER, others=ALLOWED, scopes=EVERY_SCOPE)),
    Row(
        "client",
        {"id": the("client")},
        members(Caller.VIEWER, others=NULL, scopes=EVERY_SCOPE),
    ),
    Row(
        "client",
        {"slug": the("client", "client_id")},
        members(Caller.VIEWER, others=NULL, scopes=EVERY_SCOPE),
        case="by its slug",
    ),
    Row(
        "setMaintenance",
        {"clientId": a_new("client"), "text": "Back at nine."},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
    Row("createClient", {"slug": any_new_text(), "name": "A new house"}, only_admins()),
    Row(
        "updateClient",
        {"id": a_new("client"), "contactName": "Somebody else"},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
    Row(
        "deleteClient",
        {"id": a_new("client"), "confirmSlug": a_new("client", "client_id")},
        only_admins(),
    ),
    Row(
        "rotateClientSigningKey",
        {"clientId": a_new("client")},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
)
