"""What happens in conversations, made into events when they are sent."""

from dataclasses import dataclass

from documents.chatbots import Chatbot as ChatbotDocument
from documents.conversations import Conversation as ConversationDocument
from documents.ids import PydanticObjectId
from documents.live_events import LiveEvent, LiveEventKind
from documents.messages import Message as MessageDocument
from documents.tenancy import TenantScope
from graphql_schema.context import RequestContext
from graphql_schema.conversations.queries import visible_conversations
from graphql_schema.conversations.types import Conversation, conversation_from, message_from
from graphql_schema.errors import AuthorizationError, NotFoundInListError
from graphql_schema.live.following import cursor_at, watched_client
from graphql_schema.live.types import (
    ConversationDeleted,
    ConversationEvent,
    ConversationStarted,
    ConversationUpdated,
    MessageCreated,
    MessageUpdated,
)
from graphql_schema.node import local_id
from graphql_schema.viewers import Viewer, VisitorViewer
from services.live.wanted import Wanted

ABOUT_CONVERSATIONS: dict[LiveEventKind, type[ConversationEvent]] = {
    "conversation_started": ConversationStarted,
    "conversation_renamed": ConversationUpdated,
    "conversation_archived": ConversationUpdated,
    "conversation_closed": ConversationUpdated,
    "conversation_changed": ConversationUpdated,
}
WATCHED: frozenset[LiveEventKind] = frozenset(
    {
        *ABOUT_CONVERSATIONS,
        "conversation_deleted",
        "question_created",
        "answer_created",
        "message_changed",
    }
)


@dataclass(frozen=True, slots=True)
class Watch:
    """Which events somebody follows."""

    client_id: str
    wanted: Wanted


async def watch_of(
    context: RequestContext,
    client_id: str | None,
    chatbot_id: str | None,
    conversation_id: str | None,
) -> Watch:
    """What the arguments of `conversationEvents` ask for.

    Raises:
        NotFoundInListError: one of the ids is unknown, or none of the caller's.
        BadArgumentError: nothing says which of several clients is meant.
    """
    chatbot = await _seen_chatbot(context, chatbot_id) if chatbot_id is not None else None
    conversation = (
        await _seen_conversation(context, conversation_id) if conversation_id is not None else None
    )
    owners = {one.client_id for one in (chatbot, conversation) if one is not None}
    if client_id is not None or not owners:
        owners.add(await watched_client(context, client_id))
    if len(owners) != 1:
        raise NotFoundInListError
    viewer = await context.viewer()
    wanted = Wanted(
        kinds=WATCHED,
        chatbot_id=_chatbot_watched(viewer, chatbot),
        conversation_id=conversation.id if conversation else None,
        visitor_id=viewer.claims.visitor_id if isinstance(viewer, VisitorViewer) else None,
    )
    return Watch(owners.pop(), wanted)


def _chatbot_watched(
    viewer: Viewer | None, chatbot: ChatbotDocument | None
) -> PydanticObjectId | None:
    if isinstance(viewer, VisitorViewer):
        return viewer.claims.chatbot_id
    return chatbot.id if chatbot else None


async def _seen_chatbot(context: RequestContext, public_id: str) -> ChatbotDocument:
    viewer, chatbot_id = await context.viewer(), local_id(public_id, "Chatbot")
    found = None
    if isinstance(viewer, VisitorViewer):
        if chatbot_id == viewer.claims.chatbot_id:
            found = await viewer.scope().of(ChatbotDocument).get(chatbot_id)
    elif chatbot_id is not None:
        found = await (await context.member()).scope().of(ChatbotDocument).get(chatbot_id)
    if found is None:
        raise NotFoundInListError
    return found


async def _seen_conversation(context: RequestContext, public_id: str) -> ConversationDocument:
    collection, own = await visible_conversations(context)
    conversation_id = local_id(public_id, "Conversation")
    found = await collection.find_one({**own, "_id": conversation_id}) if conversation_id else None
    if found is None:
        raise NotFoundInListError
    return found


async def conversation_event(context: RequestContext, event: LiveEvent) -> ConversationEvent | None:
    """An event as the caller sees it now; None when what it is about is gone meanwhile.

    Raises:
        AuthorizationError: the caller may not see it, or not any more.
    """
    await _check_still_allowed(context, event)
    cursor, scope = cursor_at(event.id), TenantScope.one(event.client_id)
    if event.kind == "conversation_deleted":
        return _deleted(cursor, event)
    conversation = await _conversation(scope, event.conversation_id)
    if conversation is None:
        return None
    if (about := ABOUT_CONVERSATIONS.get(event.kind)) is not None:
        return about(cursor=cursor, conversation=conversation)
    message = await scope.of(MessageDocument).get(event.message_id) if event.message_id else None
    if message is None:
        return None
    if event.kind == "message_changed":
        return MessageUpdated(
            cursor=cursor, conversation=conversation, changed_message=message_from(message)
        )
    return MessageCreated(
        cursor=cursor, conversation=conversation, new_message=message_from(message)
    )


async def _conversation(
    scope: TenantScope, conversation_id: PydanticObjectId | None
) -> Conversation | None:
    if conversation_id is None:
        return None
    found = await scope.of(ConversationDocument).get(conversation_id)
    return conversation_from(found) if found else None


async def _check_still_allowed(context: RequestContext, event: LiveEvent) -> None:
    viewer = await context.viewer()
    if isinstance(viewer, VisitorViewer):
        claims = viewer.claims
        mine = (claims.client_id, claims.chatbot_id, claims.visitor_id)
        allowed = mine == (event.client_id, event.chatbot_id, event.visitor_id)
    else:
        allowed = (await context.member()).scope().admits(event.client_id)
    if not allowed:
        raise AuthorizationError("FORBIDDEN")


def _deleted(cursor: str, event: LiveEvent) -> ConversationDeleted | None:
    gone = event.gone
    if gone is None or event.conversation_id is None or event.chatbot_id is None:
        return None
    rest = ConversationDocument(
        id=event.conversation_id,
        client_id=event.client_id,
        chatbot_id=event.chatbot_id,
        visitor_id=event.visitor_id or PydanticObjectId(),
        title="",
        language=gone.language,
        status=gone.status,
        created_at=gone.created_at,
        last_message_at=gone.last_message_at,
    )
    return ConversationDeleted(cursor=cursor, conversation=conversation_from(rest))
