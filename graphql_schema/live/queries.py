"""Where the streams of what happens stand now."""

import strawberry

from graphql_schema.arguments import OfClient
from graphql_schema.context import ParlanceInfo
from graphql_schema.live.following import cursor_at, watched_client
from graphql_schema.permissions import SignedIn, allowed_for
from graphql_schema.scopes import Scope
from services.live.settling import newest_event


@strawberry.type
class LiveQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The position of the event streams now. Ask for it, then fetch what you show,"
        " then subscribe with it as `after`: whatever changes meanwhile is in one of the two."
        " Visitors and API keys need no clientId, and people none who work for one client.",
        extensions=allowed_for(SignedIn, scope=(Scope.CONVERSATIONS_READ, Scope.REPORTS_READ)),
    )
    async def live_cursor(self, info: ParlanceInfo, client_id: OfClient = None) -> str:
        return cursor_at(await newest_event(await watched_client(info.context, client_id)))
