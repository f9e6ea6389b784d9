"""Who am I, and who works with me."""

import strawberry

from documents.visitors import Visitor as VisitorDocument
from graphql_schema.accounts.types import User, Viewer, user_from
from graphql_schema.api_keys.types import api_key_from
from graphql_schema.arguments import After, First, OnlyOfClient
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import visitor_from
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    connection_of,
    forward_page,
    id_position,
)
from graphql_schema.permissions import Anybody, Person, allowed_for
from graphql_schema.targets import listed_scope
from graphql_schema.viewers import ApiKeyViewer, PersonViewer
from services.accounts.members import count_users, newest_users


@strawberry.type
class AccountQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Who makes this request; null for nobody.", extensions=allowed_for(Anybody)
    )
    async def viewer(self, info: ParlanceInfo) -> Viewer | None:
        viewer = await info.context.viewer()
        if viewer is None:
            return None
        if isinstance(viewer, PersonViewer):
            return Viewer(user=user_from(viewer.user))
        if isinstance(viewer, ApiKeyViewer):
            return Viewer(api_key=api_key_from(viewer.key))
        visitor = await viewer.scope().of(VisitorDocument).get(viewer.claims.visitor_id)
        return Viewer(visitor=visitor_from(visitor)) if visitor else None

    @strawberry.field(
        description="The people who work for a client, or for all of the caller's, newest first.",
        extensions=allowed_for(Person),
    )
    async def users(
        self,
        info: ParlanceInfo,
        client_id: OnlyOfClient = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[User]:
        page = forward_page(first, after)
        scope = await listed_scope(info.context, client_id)
        person = await info.context.person()
        found = await newest_users(scope, before=id_position(page), limit=page.size + 1)

        async def count() -> int:
            return await count_users(scope, limit=MAX_COUNT)

        return connection_of(
            found, page, lambda one: str(one.id), lambda one: user_from(person.shown(one)), count
        )
