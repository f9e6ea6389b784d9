"""Recording what happened, for whoever is told of it later.

That belongs into the transaction of the change: both happen or neither. The end of an answer is one
atomic write that leaves a note that it is still to be told (see `services.answering.telling`);
whoever finds the note records it, and recording twice stores one entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from documents.conversations import Conversation
from documents.database_clock import database_now
from documents.duplicates import duplicates_reported
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.outbox_entries import OutboxEntry, OutboxKind
from documents.tenancy import TenantScope
from documents.transactions import WriteSession


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a client.

    Attributes:
        key: Names it among all that happens to the client; it is told once.
        facts: Numbers and codes that belong to it; nothing that a visitor wrote.
    """

    client_id: str
    kind: OutboxKind
    key: str
    chatbot_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    message_id: PydanticObjectId | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)
    in_preview: bool = False


def happened_to_conversation(kind: OutboxKind, conversation: Conversation) -> Happening:
    """Something happened to a conversation, as it does once."""
    return Happening(
        conversation.client_id,
        kind,
        f"{kind}/{conversation.id}",
        chatbot_id=conversation.chatbot_id,
        visitor_id=conversation.visitor_id,
        conversation_id=conversation.id,
        in_preview=conversation.preview_until is not None,
    )


def happened_to_message(
    kind: OutboxKind, message: Message, facts: Mapping[str, int | str] | None = None
) -> Happening:
    """Something happened to a message, as it does once."""
    return Happening(
        message.client_id,
        kind,
        f"{kind}/{message.id}",
        chatbot_id=message.chatbot_id,
        visitor_id=message.visitor_id,
        conversation_id=message.conversation_id,
        message_id=message.id,
        facts=facts or {},
        in_preview=message.preview_until is not None,
    )


async def record(happening: Happening, session: WriteSession | None = None) -> None:
    """Store what happened, unless it is stored already. A preview is told to nobody.

    `session` is the transaction that makes it happen; None is for who makes sure otherwise that
    nothing is lost.
    """
    if happening.in_preview:
        return
    entries = TenantScope.one(happening.client_id).of(OutboxEntry)
    entry = _entry(happening, await database_now())
    await entries.insert_unless_there(entry, "key", session=session)


async def record_for_many(happenings: Sequence[Happening], session: WriteSession) -> None:
    """Store what happened to several clients, in the one transaction that makes it happen.

    Raises:
        DuplicateError: one of it is stored already; the transaction is void.
    """
    clients = TenantScope.many([one.client_id for one in happenings])
    now = await database_now()
    entries = [_entry(one, now) for one in happenings if not one.in_preview]
    with duplicates_reported():
        await clients.of(OutboxEntry).insert_many(entries, session=session)


def _entry(happening: Happening, now: datetime) -> OutboxEntry:
    return OutboxEntry(
        created_at=now,
        client_id=happening.client_id,
        key=happening.key,
        kind=happening.kind,
        chatbot_id=happening.chatbot_id,
        visitor_id=happening.visitor_id,
        conversation_id=happening.conversation_id,
        message_id=happening.message_id,
        facts=dict(happening.facts),
    )
