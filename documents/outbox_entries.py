"""What happened that somebody outside may want to hear of: ids and a few facts, not a word said.

An entry is stored in the transaction of the change that it speaks of, or after it because of a note
that the change left (see `services.outbox.recording`), so there is one exactly when there is the
change. What was said is read when the entry is delivered: what is erased before that
is told to nobody.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal, get_args

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.tenancy import TenantScope

OutboxKind = Literal[
    "conversation.started",
    "message.created",
    "answer.failed",
    "answer.unanswered",
    "feedback.negative",
    "quota.threshold",
    "budget.threshold",
    "llm.circuit_opened",
    "knowledge.sync_failed",
    "hook.disabled",
    "handoff.requested",
    "report.ready",
    "usage.daily",
    "usage.weekly",
    "system.status",
    "server.errors",
    "auth.suspicious",
    "service.recovered",
]
OUTBOX_KINDS: tuple[OutboxKind, ...] = get_args(OutboxKind)

OPERATOR_KINDS: frozenset[OutboxKind] = frozenset(
    {"server.errors", "auth.suspicious", "service.recovered"}
)
"""What tells of the whole platform: whoever runs it decides who hears of it."""

SPREAD_AGAIN_AFTER = timedelta(minutes=1)
"""When it is tried again to make deliveries of an entry of which none could be made."""

KEPT = timedelta(days=30)
"""How long an entry stays: longer than any delivery of it is tried or asked for again."""


class OutboxEntry(TenantDocument):
    """One thing that happened.

    Attributes:
        created_at: When it was recorded, by the database's clock.
        key: What happened, so that it is told once; no two entries of a client have the same.
        facts: What no document of the product says later, such as the share of a quota that was
            reached. Numbers and codes, nothing that a visitor wrote.
        to_spread: Nobody has made deliveries of it yet.
        spread_due_at: When that is tried again, by the database's clock; None: it never failed.
        seq: Its number among what integrations were told of its conversation.
    """

    key: str
    kind: OutboxKind
    chatbot_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    message_id: PydanticObjectId | None = None
    facts: dict[str, int | str] = {}
    to_spread: bool = True
    spread_due_at: datetime | None = None
    seq: int | None = None

    class Settings:
        name = "outbox"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("key", ASCENDING)], unique=True, name="key"),
            IndexModel(
                [("created_at", ASCENDING), ("_id", ASCENDING)],
                partialFilterExpression={"to_spread": True},
                name="to_spread",
            ),
            IndexModel([("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("conversation_id", ASCENDING)], name="conversation"),
            IndexModel(
                [("created_at", ASCENDING)],
                expireAfterSeconds=int(KEPT.total_seconds()),
                name="expiry",
            ),
        ]


async def entries_to_spread(limit: int) -> Sequence[OutboxEntry]:
    """At most so many entries of all clients that are to be spread now, the oldest first."""
    # As an expression: there nothing is less than any time.
    due = {"to_spread": True, "$expr": {"$lte": ["$spread_due_at", "$$NOW"]}}
    order = [("created_at", ASCENDING), ("_id", ASCENDING)]
    return await TenantScope.every_client().of(OutboxEntry).find(due, limit=limit, sort=order)


async def put_off_spreading(entry_ids: Sequence[PydanticObjectId]) -> None:
    """Let entries that could not be spread wait, so that they are in nobody's way."""
    entries = TenantScope.every_client().of(OutboxEntry)
    later = {"$add": ["$$NOW", round(SPREAD_AGAIN_AFTER.total_seconds() * 1000)]}
    await entries.raw.update_many(
        entries.condition({"_id": {"$in": list(entry_ids)}}),
        [{"$set": {"spread_due_at": later, "updated_at": "$$NOW"}}],
    )
