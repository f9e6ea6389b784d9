"""The sums of usage: one document for each hour, chatbot and model in which something was asked.

Hours are those of the client's clock, so that its days and months are made of whole ones; with
another time zone they are put together anew and nothing is counted again. All fields but the key
are only ever added to.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession

HOURS_AT_ONCE = 200
"""Sums that are read before others get their turn: about 10 ms."""


class UsageKey(NamedTuple):
    """Of which hour, chatbot and model a sum is."""

    hour: datetime
    chatbot_id: PydanticObjectId
    llm_config_id: PydanticObjectId | None


class UsageDaily(TenantDocument):
    """One hour's sums.

    Attributes:
        answers: accepted requests, however they ended.
        quota_used: questions that count to the client's quota.
        first_token_ms: how many answers began within which span, see `services.usage.spans`.
        answer_ms: likewise until the end.
        visitors: registers of who asked, see `services.usage.visitor_sketch`.
    """

    outlives_chatbot: ClassVar[bool] = True

    hour: datetime
    chatbot_id: PydanticObjectId
    llm_config_id: PydanticObjectId | None = None
    llm_name: str | None = None
    requests: int = 0
    answers: int = 0
    successes: int = 0
    failures: int = 0
    fallbacks: int = 0
    quota_used: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    conversations: int = 0
    unanswered: int = 0
    feedback_up: int = 0
    feedback_down: int = 0
    first_token_ms: dict[int, int] = {}
    answer_ms: dict[int, int] = {}
    visitors: dict[int, int] = {}

    class Settings:
        name = "usage_daily"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("hour", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("llm_config_id", ASCENDING),
                ],
                unique=True,
                name="hour",
            ),
        ]


async def add_usage(
    client_id: str,
    key: UsageKey,
    added: Mapping[str, int],
    highest: Mapping[str, int],
    *,
    llm_name: str | None,
    session: WriteSession,
) -> None:
    """Add to the sums of an hour, and raise its registers to these values."""
    sums, now = TenantScope.one(client_id).of(UsageDaily), utc_now()
    update: dict[str, Any] = {
        "$set": {"llm_name": llm_name, "updated_at": now},
        "$setOnInsert": {"created_at": now},
    }
    if added:
        update["$inc"] = dict(added)
    if highest:
        update["$max"] = dict(highest)
    await sums.raw.update_one(sums.condition(key._asdict()), update, upsert=True, session=session)


async def usage_between(
    client_id: str, since: datetime, until: datetime
) -> AsyncGenerator[UsageDaily, None]:
    """The sums of the hours from `since` on and before `until`, in order."""
    sums = TenantScope.one(client_id).of(UsageDaily)
    span = sums.condition({"hour": {"$gte": since, "$lt": until}})
    async for found in sums.raw.find(span, batch_size=HOURS_AT_ONCE).sort("hour", ASCENDING):
        yield UsageDaily.model_validate(found)
