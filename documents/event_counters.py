"""How many events of each conversation integrations were told of, for their sequence numbers."""

from typing import Any, ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope


class EventCounter(TenantDocument):
    """The last number of a conversation."""

    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId
    seq: int = 0

    class Settings:
        name = "event_counters"
        indexes: ClassVar = [
            # MongoDB repeats an upsert that lost a race only if the index has the filter's fields.
            IndexModel(
                [("client_id", ASCENDING), ("conversation_id", ASCENDING)],
                unique=True,
                name="conversation",
            ),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
        ]


async def next_event_number(
    client_id: str, conversation_id: PydanticObjectId, visitor_id: PydanticObjectId | None
) -> int:
    """The next number of a conversation's events; none is given twice."""
    counters = TenantScope.one(client_id).of(EventCounter).raw
    found: dict[str, Any] = await counters.find_one_and_update(  # type: ignore[assignment]
        {"client_id": client_id, "conversation_id": conversation_id},
        {
            "$inc": {"seq": 1},
            "$set": {"updated_at": utc_now()},
            "$setOnInsert": {"visitor_id": visitor_id, "created_at": utc_now()},
        },
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    seq: int = found["seq"]
    return seq
