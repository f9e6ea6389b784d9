"""What was asked, without a word of it: one row for each request, accepted or refused.

The sums in `usage_daily` are made of these rows. A row is stored by whoever settles the request,
and waits until it is counted: storing meets nobody, where two additions to one sum would. Rows stay
when messages, visitors and chatbots go, or a quota could be emptied by deleting.
"""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.tenancy import TenantScope
from documents.transactions import WriteSession

UsageKind = Literal["question", "rating", "visit"]

ROWS_AT_ONCE = 2_000
"""Rows that are in memory while all of a day are added up."""


class UsageEvent(TenantDocument):
    """One request, or several refused ones that were alike within a moment.

    Attributes:
        at: when it was asked; into which hour it counts.
        requests: how many requests the row stands for; none for a rating or a visit.
        visits: one for a visit that has ended, which stands at its beginning and names nobody.
        code: why it was refused or failed.
        seq: the answer's place in its conversation.
        question_key: the same for questions in the same words; goes with the visitor.
        to_quota: how much of the client's quota it takes.
        uncounted_since: stands until the row is part of the sums.
    """

    outlives_visitor: ClassVar[bool] = True
    outlives_chatbot: ClassVar[bool] = True

    kind: UsageKind
    at: datetime
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    answer_id: PydanticObjectId | None = None
    seq: int | None = None
    question_key: str | None = None
    requests: int = 1
    success: bool
    code: str | None = None
    message_length: int = 0
    to_quota: int = 0
    opens_conversation: bool = False
    fell_back: bool = False
    unanswered: bool = False
    llm_config_id: PydanticObjectId | None = None
    llm_name: str | None = None
    first_token_ms: int | None = None
    response_time_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micros: int | None = None
    rated_up: int = 0
    rated_down: int = 0
    visits: int = 0
    visit_ms: int = 0
    visit_messages: int = 0
    uncounted_since: datetime | None = None

    class Settings:
        name = "usage_events"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("answer_id", ASCENDING)],
                unique=True,
                partialFilterExpression={"kind": "question", "answer_id": {"$type": "objectId"}},
                name="answer",
            ),
            IndexModel([("client_id", ASCENDING), ("at", ASCENDING)], name="date"),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            IndexModel(
                [("client_id", ASCENDING), ("uncounted_since", ASCENDING)],
                partialFilterExpression={"uncounted_since": {"$type": "date"}},
                name="uncounted",
            ),
        ]


async def rows_between(
    client_id: str, span: tuple[datetime, datetime], session: WriteSession
) -> AsyncGenerator[UsageEvent, None]:
    """The rows from a moment on and before another that are counted, in the order of time."""
    rows = TenantScope.one(client_id).of(UsageEvent)
    wanted = {"at": {"$gte": span[0], "$lt": span[1]}, "uncounted_since": None}
    found = rows.raw.find(rows.condition(wanted), batch_size=ROWS_AT_ONCE, session=session)
    async for row in found.sort("at", ASCENDING):
        yield UsageEvent.model_validate(row)
