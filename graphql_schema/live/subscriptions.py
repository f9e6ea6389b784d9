"""Streams of what happens: to a visitor's widget, and to the dashboards of a client."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from graphql_schema.arguments import AfterEvent, OfClient
from graphql_schema.context import ParlanceInfo
from graphql_schema.live.conversations import conversation_event, watch_of
from graphql_schema.live.following import followed
from graphql_schema.live.types import ConversationEvent, VisitEvent
from graphql_schema.live.visits import visit_event, wanted_by
from graphql_schema.permissions import SignedIn, Visitor, allowed_for
from graphql_schema.scopes import Scope

_RESUMING = (
    " Goes on after the event with the cursor `after`, else begins now. Ends with the caller's"
    " right to it; CURSOR_EXPIRED when nobody knows any more what came after the cursor."
)


@strawberry.type
class LiveSubscriptions:
    """Subscriptions of this domain."""

    @strawberry.subscription(
        description="What a widget must know: questions asked elsewhere by the same visitor, what"
        " becomes of the visitor's conversations, and a new configuration." + _RESUMING,
        extensions=allowed_for(Visitor),
    )
    async def visit_events(
        self, info: ParlanceInfo, after: AfterEvent = None
    ) -> AsyncGenerator[VisitEvent, None]:
        visitor = await info.context.visitor()
        client_id, wanted = visitor.claims.client_id, wanted_by(visitor)
        make = partial(visit_event, info.context)
        async with aclosing(followed(info.context, client_id, wanted, after, make)) as events:
            async for event in events:
                yield event

    @strawberry.subscription(
        description="What happens in conversations: of one client, of one chatbot, or in a single"
        " one. A visitor sees the visitor's own. Text that is being written comes with `answer`."
        + _RESUMING,
        extensions=allowed_for(SignedIn, scope=Scope.CONVERSATIONS_READ),
    )
    async def conversation_events(
        self,
        info: ParlanceInfo,
        client_id: OfClient = None,
        chatbot_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only with this chatbot."),
        ] = None,
        conversation_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only in this conversation."),
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[ConversationEvent, None]:
        watch = await watch_of(info.context, client_id, chatbot_id, conversation_id)
        make = partial(conversation_event, info.context)
        stream = followed(info.context, watch.client_id, watch.wanted, after, make)
        async with aclosing(stream) as events:
            async for event in events:
                yield event
