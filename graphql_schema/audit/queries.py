"""The audit log of a client, or of all for platform admins."""

import strawberry

from documents.tenancy import TenantScope
from graphql_schema.arguments import After, First, OnlyOfClient
from graphql_schema.audit.types import AuditEntry, entry_from
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import AuthorizationError
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    connection_of,
    forward_page,
    id_position,
)
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import listed_scope
from services.audit.audit_log import count_entries, newest_entries


@strawberry.type
class AuditQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Who changed what, newest first, for one client or for all that the caller"
        " owns. Owners; platform admins see the platform's entries too.",
        extensions=allowed_for(Person),
    )
    async def audit_log(
        self,
        info: ParlanceInfo,
        client_id: OnlyOfClient = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[AuditEntry]:
        page = forward_page(first, after)
        scope = await _owned_scope(info.context, client_id)
        found = await newest_entries(scope, before=id_position(page), limit=page.size + 1)

        async def count() -> int:
            return await count_entries(scope, limit=MAX_COUNT)

        return connection_of(found, page, lambda one: str(one.id), entry_from, count)


async def _owned_scope(context: RequestContext, client_id: str | None) -> TenantScope:
    """What the log covers.

    Raises:
        NotFoundInListError: the client is unknown or none of the caller's.
        AuthorizationError: FORBIDDEN: the caller owns it not, or none at all.
    """
    owned = (await context.person()).scope("owner")
    if client_id is None:
        wanted = owned
    else:
        wanted = await listed_scope(context, client_id)
        if not all(owned.admits(one) for one in wanted.client_ids or ()):
            raise AuthorizationError("FORBIDDEN")
    if wanted.client_ids is not None and not wanted.client_ids:
        raise AuthorizationError("FORBIDDEN")
    return wanted
