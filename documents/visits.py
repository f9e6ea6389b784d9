"""Visits: a visitor's stay with a chatbot, from `startVisit` to half an hour without a sign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.tenancy import TenantScope

SUMMING_MS = 20_000
"""For the visits that go on just now."""


class Visit(TenantDocument):
    """One stay of one visitor.

    Attributes:
        unsummed: until it has ended and stands in a row of usage, which stays when the visit goes.
    """

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    origin: str
    page_url: str | None = None
    consent_version: str | None = None
    started_at: datetime
    last_activity_at: datetime
    ended_at: datetime | None = None
    message_count: int = 0
    unsummed: bool = True

    class Settings:
        name = "visits"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("ended_at", ASCENDING),
                    ("_id", DESCENDING),
                ],
                name="chatbot",
            ),
            IndexModel([("ended_at", ASCENDING), ("last_activity_at", ASCENDING)], name="idle"),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("client_id", ASCENDING), ("last_activity_at", ASCENDING)], name="sign"),
            IndexModel([("client_id", ASCENDING), ("started_at", ASCENDING)], name="begun"),
            IndexModel(
                [("client_id", ASCENDING), ("started_at", ASCENDING)],
                partialFilterExpression={"unsummed": True},
                name="unsummed",
            ),
        ]


async def visits_summed(
    client_id: str, span: tuple[datetime, datetime], chatbot_id: PydanticObjectId | None
) -> Mapping[str, Any]:
    """How many of the unsummed visits began in a span, their milliseconds and their messages.

    Empty of none.
    """
    visits = TenantScope.one(client_id).of(Visit)
    began = {"$gte": span[0], "$lt": span[1]}
    wanted: dict[str, Any] = {"started_at": began, "unsummed": True}
    if chatbot_id is not None:
        wanted["chatbot_id"] = chatbot_id
    lasted = {"$subtract": ["$last_activity_at", "$started_at"]}
    sums = {
        "_id": None,
        "visits": {"$sum": 1},
        "ms": {"$sum": lasted},
        "messages": {"$sum": "$message_count"},
    }
    steps = [{"$match": visits.condition(wanted)}, {"$group": sums}]
    found = await (await visits.raw.aggregate(steps, maxTimeMS=SUMMING_MS)).to_list()
    return found[0] if found else {}
