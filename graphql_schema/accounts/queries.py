"""Who am I."""

import strawberry

from documents.visitors import Visitor as VisitorDocument
from graphql_schema.accounts.types import Viewer, user_from
from graphql_schema.api_keys.types import api_key_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import visitor_from
from graphql_schema.permissions import Anybody, allowed_for
from graphql_schema.viewers import ApiKeyViewer, PersonViewer


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
