"""Telling those who watch. Called as the last step of the transaction that makes the change.

So there is an event exactly when there is a change, and two changes of one thing are numbered in
the order in which they happened: the second waits for the first before it takes its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from documents.chatbots import Chatbot
from documents.conversations import Conversation
from documents.deliveries import Delivery
from documents.ids import PydanticObjectId
from documents.live_events import GoneConversation, LiveEvent, LiveEventKind, numbers_taken
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import WriteSession


@dataclass(frozen=True, slots=True)
class News:
    """What happened, before it has its number."""

    kind: LiveEventKind
    chatbot_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    message_id: PydanticObjectId | None = None
    source_id: PydanticObjectId | None = None
    integration_id: PydanticObjectId | None = None
    delivery_id: PydanticObjectId | None = None
    in_preview: bool = False
    gone: GoneConversation | None = None


def news_of_conversation(kind: LiveEventKind, conversation: Conversation) -> News:
    """Something happened to a conversation."""
    return News(
        kind,
        chatbot_id=conversation.chatbot_id,
        visitor_id=conversation.visitor_id,
        conversation_id=conversation.id,
        in_preview=conversation.preview_until is not None,
        gone=_gone(conversation) if kind == "conversation_deleted" else None,
    )


def _gone(conversation: Conversation) -> GoneConversation:
    return GoneConversation(
        status=conversation.status,
        language=conversation.language,
        created_at=conversation.created_at,
        last_message_at=conversation.last_message_at,
    )


def news_of_message(kind: LiveEventKind, message: Message) -> News:
    """A message came or changed."""
    return News(
        kind,
        chatbot_id=message.chatbot_id,
        visitor_id=message.visitor_id,
        conversation_id=message.conversation_id,
        message_id=message.id,
        in_preview=message.preview_until is not None,
    )


async def chatbot_published(chatbot: Chatbot, session: WriteSession) -> None:
    """Tell open widgets of a chatbot that it has a new configuration."""
    await publish(chatbot.client_id, News("chatbot_published", chatbot.id), session=session)


async def chatbots_shown_anew(
    client_id: str, chatbot_ids: Sequence[PydanticObjectId], session: WriteSession | None = None
) -> None:
    """Tell open widgets of several chatbots of a client that something else is to be shown."""
    news = [News("chatbot_published", one) for one in chatbot_ids]
    await publish(client_id, *news, session=session)


async def usage_changed(client_id: str, session: WriteSession) -> None:
    """Tell those who watch a client's usage that there is more of it."""
    await publish(client_id, News("usage_changed"), session=session)


async def knowledge_changed(
    client_id: str, source_id: PydanticObjectId, session: WriteSession | None = None
) -> None:
    """Tell those who watch a client's knowledge that a source changed, or how far its sync is."""
    await publish(client_id, News("knowledge_changed", source_id=source_id), session=session)


async def knowledge_deleted(
    client_id: str, source_id: PydanticObjectId, session: WriteSession
) -> None:
    """Tell those who watch a client's knowledge that a source is gone."""
    await publish(client_id, News("knowledge_deleted", source_id=source_id), session=session)


async def delivery_changed(delivery: Delivery, session: WriteSession) -> None:
    """Tell those who watch a client's deliveries how far one is."""
    news = News(
        "delivery_changed",
        visitor_id=delivery.visitor_id,
        integration_id=delivery.integration_id,
        delivery_id=delivery.id,
    )
    await publish(delivery.client_id, news, session=session)


async def publish(client_id: str, *news: News, session: WriteSession | None = None) -> None:
    """Store events of a client, in this order, as the last step of the transaction.

    What happens in a preview is not told: nobody watches it. `session` None is for who makes sure
    otherwise that no event is lost.
    """
    told = [one for one in news if not one.in_preview]
    if not told:
        return
    first = await numbers_taken(client_id, len(told))
    events = [
        LiveEvent(
            client_id=client_id,
            seq=seq,
            kind=one.kind,
            chatbot_id=one.chatbot_id,
            visitor_id=one.visitor_id,
            conversation_id=one.conversation_id,
            message_id=one.message_id,
            source_id=one.source_id,
            integration_id=one.integration_id,
            delivery_id=one.delivery_id,
            gone=one.gone,
        )
        for seq, one in enumerate(told, first)
    ]
    await TenantScope.one(client_id).of(LiveEvent).insert_many(events, session=session)
