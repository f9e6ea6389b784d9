"""Conversations and messages: a visitor's own, or those of the caller's clients."""

from typing import Annotated, Any

import strawberry

from documents.clients import Client as ClientDocument
from documents.conversations import Conversation as ConversationDocument
from documents.previews import NO_PREVIEWS
from documents.tenancy import ScopedCollection
from graphql_schema.arguments import After, Before, First, FirstOfEither, Last, OnlyOfClient, OwnId
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.conversations.filters import OnlyConversations, conversation_condition
from graphql_schema.conversations.types import (
    Conversation,
    Message,
    conversation_from,
    message_page,
)
from graphql_schema.errors import NotFoundInListError
from graphql_schema.node import local_id
from graphql_schema.pagination import Connection, both, either_page, forward_page, page_by_id
from graphql_schema.permissions import SignedIn, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.viewers import VisitorViewer
from services.clients.clients import client_slug_by_id
from services.conversations.filtering import oldest_listed


@strawberry.type
class ConversationQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Conversations, newest first. A visitor sees the visitor's own with this"
        " chatbot, the last ones of them: as many as the client's `conversationsKeptPerVisitor`.",
        extensions=allowed_for(SignedIn, scope=Scope.CONVERSATIONS_READ),
    )
    async def conversations(
        self,
        info: ParlanceInfo,
        client_id: OnlyOfClient = None,
        filter: OnlyConversations = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Conversation]:
        page = forward_page(first, after)
        collection, own = await _listed_conversations(info.context)
        if client_id is not None:
            own = {**own, "client_id": await _slug(info.context, client_id)}
        wanted = both(own, conversation_condition(filter))
        return await page_by_id(collection, wanted, page, conversation_from)

    @strawberry.field(
        description="One conversation; null if there is none with this id.",
        extensions=allowed_for(SignedIn, scope=Scope.CONVERSATIONS_READ),
    )
    async def conversation(self, info: ParlanceInfo, id: OwnId) -> Conversation | None:
        found = await _found(info.context, id)
        return conversation_from(found) if found else None

    @strawberry.field(
        description="Messages of a conversation, oldest first; `last` and `before` page backwards.",
        extensions=allowed_for(SignedIn, scope=Scope.CONVERSATIONS_READ),
    )
    async def messages(
        self,
        info: ParlanceInfo,
        conversation_id: Annotated[
            strawberry.ID, strawberry.argument(description="Of which conversation.")
        ],
        first: FirstOfEither = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Message]:
        page = either_page(first, after, last, before)
        found = await _found(info.context, conversation_id)
        if found is None:
            raise NotFoundInListError
        collection, _ = await visible_conversations(info.context)
        return await message_page(collection.scope, found.id, page)


async def visible_conversations(
    context: RequestContext,
) -> tuple[ScopedCollection[ConversationDocument], dict[str, Any]]:
    """The conversations that the caller may see, as a collection and a filter on it."""
    viewer = await context.viewer()
    if isinstance(viewer, VisitorViewer):
        own = {
            "chatbot_id": viewer.claims.chatbot_id,
            "visitor_id": viewer.claims.visitor_id,
        }
        return viewer.scope().of(ConversationDocument), own
    member = await context.member()
    return member.scope().of(ConversationDocument), {}


async def _listed_conversations(
    context: RequestContext,
) -> tuple[ScopedCollection[ConversationDocument], dict[str, Any]]:
    """Those of the visible ones that stand in lists."""
    collection, own = await visible_conversations(context)
    viewer = await context.viewer()
    if not isinstance(viewer, VisitorViewer):
        return collection, {**own, **NO_PREVIEWS}
    claims, scope = viewer.claims, collection.scope
    client = await scope.of(ClientDocument).find_one({"client_id": claims.client_id})
    if client is not None:
        kept = client.conversations_kept_per_visitor
        oldest = await oldest_listed(scope, claims.chatbot_id, claims.visitor_id, kept)
        if oldest is not None:
            own = {**own, "_id": {"$gte": oldest}}
    return collection, own


async def _found(context: RequestContext, id: str) -> ConversationDocument | None:
    collection, own = await visible_conversations(context)
    conversation_id = local_id(id, "Conversation")
    if conversation_id is None:
        return None
    return await collection.find_one({**own, "_id": conversation_id})


async def _slug(context: RequestContext, id: str) -> str:
    collection, _ = await visible_conversations(context)
    client_id = local_id(id, "Client")
    slug = await client_slug_by_id(collection.scope, client_id) if client_id else None
    if slug is None:
        raise NotFoundInListError
    return slug
