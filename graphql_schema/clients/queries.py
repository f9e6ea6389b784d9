"""Clients: those that the caller works for, or all for platform admins."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from graphql_schema.arguments import After, First
from graphql_schema.clients.inputs import ClientFilter
from graphql_schema.clients.types import Client, client_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import BadArgumentError
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from services.clients.clients import client_filter
from services.refusals import InvalidFieldsError


@strawberry.type
class ClientQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The clients that the caller works for, newest first; all of them for platform"
        " admins.",
        extensions=allowed_for(Person, scope=tuple(Scope)),
    )
    async def clients(
        self,
        info: ParlanceInfo,
        filter: Annotated[
            ClientFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Client]:
        page = forward_page(first, after)
        wanted = filter or ClientFilter()
        try:
            condition = client_filter(text=wanted.text, active=wanted.active)
        except InvalidFieldsError as error:
            raise BadArgumentError(f"`filter.text` {error.issues[0].message}.") from error
        scope = (await info.context.member()).scope()
        return await page_by_id(scope.of(ClientDocument), condition, page, client_from)

    @strawberry.field(
        description="One client by its id or by its slug; null if there is none for the caller.",
        extensions=allowed_for(Person, scope=tuple(Scope)),
    )
    async def client(
        self,
        info: ParlanceInfo,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Its id; this or `slug`.")
        ] = None,
        slug: Annotated[
            str | None,
            strawberry.argument(description="Its slug, the `client_id` of visitor JWTs."),
        ] = None,
    ) -> Client | None:
        if (id is None) == (slug is None):
            raise BadArgumentError("Give either `id` or `slug`.")
        if id is not None:
            found = await seen(info.context, ClientDocument, id)
        else:
            scope = (await info.context.member()).scope()
            found = await info.context.services.clients.by_slug(scope, slug or "")
        return client_from(found) if found else None
