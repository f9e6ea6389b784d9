"""What is told of an event, read when it is delivered.

So what was erased or deleted before that is told to nobody, and a late delivery tells how things
are and not how they were.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from documents.base import TenantDocument, utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.deliveries import Delivery
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.outbox_entries import OutboxKind
from documents.tenancy import TenantScope

Document = TypeVar("Document", bound=TenantDocument)


class GoneError(LookupError):
    """What an event speaks of is not there any more."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what it speaks of.

    Attributes:
        entry_id: The event; the same however often and to whomever it is told.
        seq: Its number in its conversation, None for what concerns none.
        is_test: Nothing happened: somebody tries an integration.
    """

    entry_id: PydanticObjectId
    kind: OutboxKind
    seq: int | None
    happened_at: datetime
    client: Client
    chatbot: Chatbot | None = None
    conversation: Conversation | None = None
    question: Message | None = None
    answer: Message | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)
    is_test: bool = False


async def told_by(delivery: Delivery) -> Told:
    """What a delivery tells.

    Raises:
        GoneError: it speaks of a message or conversation that was deleted.
    """
    scope = TenantScope.one(delivery.client_id)
    client = await scope.of(Client).find_one({})
    if client is None:
        raise GoneError
    conversation = await _present(scope, Conversation, delivery.conversation_id)
    message = await _present(scope, Message, delivery.message_id)
    question, answer = message, None
    if message is not None and message.sender != "visitor":
        answer, question = message, await _asked(scope, message)
    elif conversation is not None and message is None:
        question = await _first_question(scope, conversation)
    return Told(
        entry_id=delivery.entry_id,
        kind=delivery.kind,
        seq=delivery.seq,
        happened_at=delivery.happened_at,
        client=client,
        chatbot=await _present(scope, Chatbot, delivery.chatbot_id),
        conversation=conversation,
        question=question,
        answer=answer,
        facts=delivery.facts,
    )


def trial(kind: OutboxKind, client: Client) -> Told:
    """An event that did not happen, with words that say so."""
    return Told(
        entry_id=PydanticObjectId(),
        kind=kind,
        seq=None,
        happened_at=utc_now().astimezone(UTC),
        client=client,
        facts=_TRIAL_FACTS.get(kind, {}),
        is_test=True,
    )


_TRIAL_NUMBERS: Mapping[str, int | str] = {
    "requests": 20,
    "successes": 18,
    "failures": 2,
    "unanswered": 1,
    "conversations": 7,
    "unique_visitors": 6,
    "feedback_up": 3,
    "feedback_down": 0,
    "answer_p50_ms": 1800,
}
_TRIAL_FACTS: Mapping[OutboxKind, Mapping[str, int | str]] = {
    "answer.failed": {"code": "provider_failed"},
    "quota.threshold": {"month": "2026-01", "share": 80, "used": 800, "limit": 1000},
    "budget.threshold": {"month": "2026-01", "share": 80, "used": 8_000_000, "limit": 10_000_000},
    "hook.disabled": {"reason": "invalid_code"},
    "llm.circuit_opened": {"llm": "A language model", "retry_at": "2026-01-01T00:00:00+00:00"},
    "usage.daily": {"since": "2026-01-01", "until": "2026-01-02", **_TRIAL_NUMBERS},
    "usage.weekly": {"since": "2026-01-05", "until": "2026-01-12", **_TRIAL_NUMBERS},
    "system.status": {"status": "online"},
    "server.errors": {"count": 10, "minutes": 5, "event": "fault", "incident": "0123456789ab"},
    "auth.suspicious": {"count": 1, "minutes": 5, "reason": "reused_token"},
    "service.recovered": {
        "since": "2026-01-01T00:00:00+00:00",
        "until": "2026-01-01T00:10:00+00:00",
        "seconds": 600,
    },
}


async def _present(
    scope: TenantScope, kind: type[Document], document_id: PydanticObjectId | None
) -> Document | None:
    if document_id is None:
        return None
    found = await scope.of(kind).get(document_id)
    if found is None:
        raise GoneError
    return found


async def _asked(scope: TenantScope, answer: Message) -> Message | None:
    return await scope.of(Message).get(answer.question_id) if answer.question_id else None


async def _first_question(scope: TenantScope, conversation: Conversation) -> Message | None:
    of_it = {"conversation_id": conversation.id, "sender": "visitor"}
    return await scope.of(Message).find_one(of_it, sort=[("seq", 1)])
