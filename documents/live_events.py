"""What happened in a client's conversations, in order, for those who watch: ids and no content.

A follower goes on after the last event that it saw, so the events of a client are numbered without
a gap. The number is taken outside of the transaction that stores the event: inside, every two
changes of one client would conflict (measured: 50 questions at once took 2.5 s instead of 0.1 s,
and of 200 most failed). So a number may be taken and its event not there yet, or never. A reader
must not pass such a hole, but it may close it: the unique index lets either the event or the
closing entry exist, and a transaction that comes too late is started anew with another number.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, get_args

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, ReturnDocument, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from documents.base import TenantDocument
from documents.conversations import ConversationStatusName
from documents.duplicates import DUPLICATE_KEY_CODE
from documents.tenancy import TenantScope, encoded

LiveEventKind = Literal[
    "conversation_started",
    "conversation_renamed",
    "conversation_archived",
    "conversation_closed",
    "conversation_changed",
    "conversation_deleted",
    "question_created",
    "answer_created",
    "message_changed",
    "chatbot_published",
    "usage_changed",
    "knowledge_changed",
    "knowledge_deleted",
    "delivery_changed",
    "nothing",
]
LIVE_EVENT_KINDS: tuple[LiveEventKind, ...] = get_args(LiveEventKind)

FOR_ALL_VISITORS: frozenset[LiveEventKind] = frozenset({"chatbot_published"})
"""What every visitor of a chatbot is told."""

KEPT = timedelta(days=7)
"""How long a follower may stay away and miss nothing."""

_DELETED_AFTER = KEPT + timedelta(days=1)
"""Later than `KEPT`: MongoDB deletes by `created_at`, and the clocks of two servers differ."""

_NO_WAIT_FOR_THE_DISK = WriteConcern(w=1, j=False)
"""For numbers only. An event is stored after its number, so whatever loses the number in a failover
has lost the event before anybody could read it."""

_SURE = ReadConcern("majority")
"""For reading: what was seen once cannot be undone by a failover."""


class GoneConversation(BaseModel):
    """What those who watch may know of a deleted conversation: not a word that was said."""

    status: ConversationStatusName
    language: str | None = None
    created_at: datetime
    last_message_at: datetime


class LiveEvent(TenantDocument):
    """One event. `nothing` closes a number whose event never came.

    Attributes:
        visitor_id: whose conversation it is about; None for what concerns no single visitor, and
            for what is told of a visitor who was erased.
        gone: what is left to tell of a conversation that was deleted.
    """

    seq: int
    kind: LiveEventKind
    chatbot_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    message_id: PydanticObjectId | None = None
    source_id: PydanticObjectId | None = None
    integration_id: PydanticObjectId | None = None
    delivery_id: PydanticObjectId | None = None
    gone: GoneConversation | None = None

    class Settings:
        name = "live_events"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("seq", ASCENDING)], unique=True, name="seq"),
            IndexModel(
                [("client_id", ASCENDING), ("visitor_id", ASCENDING), ("seq", ASCENDING)],
                name="visitor",
            ),
            IndexModel(
                [("created_at", ASCENDING)],
                expireAfterSeconds=int(_DELETED_AFTER.total_seconds()),
                name="expiry",
            ),
        ]


class LiveCounter(TenantDocument):
    """The last number that was taken for an event of a client."""

    seq: int = 0

    class Settings:
        name = "live_counters"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING)], unique=True, name="client_id"),
        ]


async def numbers_taken(client_id: str, count: int) -> int:
    """Take `count` numbers in a row for events of a client; the first of them."""
    counters = _counters(client_id).with_options(write_concern=_NO_WAIT_FOR_THE_DISK)
    blank = LiveCounter(client_id=client_id)
    found: dict[str, Any] = await counters.find_one_and_update(  # type: ignore[assignment]
        {"client_id": client_id},
        {
            "$inc": {"seq": count},
            "$set": {"updated_at": blank.updated_at},
            "$setOnInsert": {"created_at": blank.created_at},
        },
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    last: int = found["seq"]
    return last - count + 1


async def last_number(client_id: str) -> int:
    """The last number that was taken for a client; 0 if none was."""
    found = await _counters(client_id).find_one({"client_id": client_id})
    return found["seq"] if found else 0


async def events_between(
    client_id: str,
    after: int,
    until: int | None,
    *,
    limit: int,
    condition: Mapping[str, Any] | None = None,
) -> list[LiveEvent]:
    """Events numbered above `after` and up to `until`, in order."""
    range_ = {"$gt": after} if until is None else {"$gt": after, "$lte": until}
    events = TenantScope.one(client_id).of(LiveEvent)
    cursor = (
        events.raw.with_options(read_concern=_SURE)
        .find(events.condition({**(condition or {}), "seq": range_}))
        .sort("seq", ASCENDING)
        .limit(limit)
    )
    return [LiveEvent.model_validate(found) async for found in cursor]


async def close_numbers(client_id: str, numbers: Sequence[int]) -> None:
    """Make sure that no event can come under these numbers any more, where none is.

    Waits for transactions that have stored such an event already: theirs wins.
    """
    if not numbers:
        return
    closing = [LiveEvent(client_id=client_id, seq=seq, kind="nothing") for seq in numbers]
    try:
        await _events().insert_many([encoded(one) for one in closing], ordered=False)
    except BulkWriteError as error:
        problems = error.details.get("writeErrors") or [{}]
        if any(one.get("code") != DUPLICATE_KEY_CODE for one in problems):
            raise


async def inserted_clients() -> AsyncGenerator[str | None, None]:
    """Whose events are stored, as it happens, by any process; None as soon as it is watched.

    Raises:
        PyMongoError: nobody watches any more; what happened meanwhile must be looked for.
    """
    pipeline: list[dict[str, Any]] = [
        {"$match": {"operationType": "insert"}},
        {"$project": {"fullDocument.client_id": 1}},
    ]
    async with await _events().watch(pipeline) as changes:
        yield None
        async for change in changes:
            yield change["fullDocument"]["client_id"]


def _events() -> AsyncCollection[dict[str, Any]]:
    return LiveEvent.get_pymongo_collection()


def _counters(client_id: str) -> AsyncCollection[dict[str, Any]]:
    return TenantScope.one(client_id).of(LiveCounter).raw
