"""Events for a widget, made when they are sent."""

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.conversations import Conversation as ConversationDocument
from documents.ids import PydanticObjectId
from documents.live_events import LiveEvent, LiveEventKind
from documents.visitors import Visitor as VisitorDocument
from graphql_schema.context import RequestContext
from graphql_schema.conversations.types import Conversation, conversation_from
from graphql_schema.errors import AuthorizationError
from graphql_schema.live.following import cursor_at
from graphql_schema.live.types import VisitEvent, VisitEventKind
from graphql_schema.node import global_id
from graphql_schema.viewers import VisitorViewer
from graphql_schema.visits.types import WidgetChatbot, widget_chatbot_from
from services.live.wanted import Wanted

VISIT_EVENT_KINDS: dict[LiveEventKind, VisitEventKind] = {
    "answer_created": VisitEventKind.QUESTION_ASKED,
    "conversation_started": VisitEventKind.CONVERSATION_CREATED,
    "conversation_renamed": VisitEventKind.CONVERSATION_RENAMED,
    "conversation_archived": VisitEventKind.CONVERSATION_ARCHIVED,
    "conversation_deleted": VisitEventKind.CONVERSATION_DELETED,
    "chatbot_published": VisitEventKind.CONFIGURATION_PUBLISHED,
}


def wanted_by(visitor: VisitorViewer) -> Wanted:
    """What a visitor's widget must know."""
    return Wanted(
        kinds=VISIT_EVENT_KINDS.keys(),
        chatbot_id=visitor.claims.chatbot_id,
        visitor_id=visitor.claims.visitor_id,
    )


async def visit_event(context: RequestContext, event: LiveEvent) -> VisitEvent:
    """An event as the caller sees it now.

    Raises:
        AuthorizationError: the token is no longer good, or the event is somebody else's.
    """
    visitor = await _same_visitor(context, event)
    conversation_id, message_id = event.conversation_id, event.message_id
    return VisitEvent(
        cursor=cursor_at(event.id),
        kind=VISIT_EVENT_KINDS[event.kind],
        conversation_id=global_id("Conversation", conversation_id) if conversation_id else None,
        message_id=global_id("Message", message_id) if message_id else None,
        conversation=await _own_conversation(visitor, conversation_id) if conversation_id else None,
        chatbot=await _widget_chatbot(visitor) if event.kind == "chatbot_published" else None,
    )


async def _same_visitor(context: RequestContext, event: LiveEvent) -> VisitorViewer:
    """The caller, whose event this must be.

    Raises:
        AuthorizationError: the token is no longer good, or the event is somebody else's.
    """
    visitor = await context.visitor()
    own = wanted_by(visitor)
    if event.client_id != visitor.claims.client_id or not own.includes(event):
        raise AuthorizationError("FORBIDDEN")
    return visitor


async def _own_conversation(
    visitor: VisitorViewer, conversation_id: PydanticObjectId
) -> Conversation | None:
    claims = visitor.claims
    own = {
        "_id": conversation_id,
        "chatbot_id": claims.chatbot_id,
        "visitor_id": claims.visitor_id,
    }
    found = await visitor.scope().of(ConversationDocument).find_one(own)
    return conversation_from(found) if found else None


async def _widget_chatbot(visitor: VisitorViewer) -> WidgetChatbot | None:
    claims, scope = visitor.claims, visitor.scope()
    chatbot = await scope.of(ChatbotDocument).get(claims.chatbot_id)
    client = await scope.of(ClientDocument).find_one({"client_id": claims.client_id})
    person = await scope.of(VisitorDocument).get(claims.visitor_id)
    if chatbot is None or client is None:
        return None
    language = person.language if person else None
    preview = claims.preview_until is not None
    return widget_chatbot_from(chatbot, client, language, preview=preview)
