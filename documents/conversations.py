"""Conversations. Their messages are documents of their own (docs/decisions/0003).

What lists are filtered by stands here, not only in the messages, and each of these fields has an
index that ends with the id: a page is read from the index in its order, however rare the match.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.previews import preview_index

ConversationStatusName = Literal["open", "needs_human", "closed", "archived"]

RatingName = Literal["up", "down"]

ID_RESOLUTION = timedelta(seconds=1)
"""Ids tell the second in which they were made."""

EARLIEST_ID = datetime(1970, 1, 2, tzinfo=UTC)
LATEST_ID = datetime(2106, 1, 1, tzinfo=UTC)
"""The times that ids can tell."""


def _of_client(field: str, *, name: str | None = None) -> IndexModel:
    """Lists by a field, newest first. Several values of it are merged, not sorted."""
    keys = [("client_id", ASCENDING), (field, ASCENDING), ("_id", DESCENDING)]
    return IndexModel(keys, name=name or field)


class Conversation(TenantDocument):
    """What one visitor and one chatbot said to each other.

    `opening_key` is the idempotency key of the question that opened the conversation: asking
    again with that key finds this conversation instead of opening another. `pruned_at` is when
    messages whose retention was over were last looked for.

    `llm_config_ids` and `has_citations` tell of the answers that have ended, `rated_up` and
    `rated_down` how many of them the visitor rates so, and `ratings` which of the two there are.

    `end_hook_due` stands from its closing until the chatbot's hook was told of it.

    `preview_until` marks a preview, see `documents.previews`.
    """

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    title: str
    language: str | None = None
    status: ConversationStatusName = "open"
    opening_key: str | None = None
    message_count: int = 0
    last_message_at: datetime
    tags: list[str] = []
    llm_config_ids: list[PydanticObjectId] = []
    has_citations: bool = False
    rated_up: int = 0
    rated_down: int = 0
    ratings: list[RatingName] = []
    pruned_at: datetime | None = None
    end_hook_due: bool = False
    preview_until: datetime | None = None

    class Settings:
        name = "conversations"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("last_message_at", DESCENDING)], name="recent"),
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING), ("_id", DESCENDING)],
                name="chatbot",
            ),
            IndexModel(
                [("client_id", ASCENDING), ("visitor_id", ASCENDING), ("_id", DESCENDING)],
                name="visitor",
            ),
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
            IndexModel([("client_id", ASCENDING), ("created_at", ASCENDING)], name="begun"),
            _of_client("status"),
            _of_client("language"),
            _of_client("llm_config_ids", name="llm"),
            _of_client("has_citations", name="citations"),
            _of_client("ratings"),
            IndexModel(
                [("end_hook_due", ASCENDING)],
                partialFilterExpression={"end_hook_due": True},
                name="end_hook_due",
            ),
            preview_index(),
        ]


def begun_between(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """The part of a filter that admits what began at `since` or later, and before `until`.

    It names the id as well, by which lists are ordered: so the index of any of them serves it.
    """
    ids: dict[str, Any] = {}
    moments: dict[str, Any] = {}
    if since is not None:
        moments["$gte"] = since
        if since > EARLIEST_ID:
            ids["$gte"] = PydanticObjectId.from_datetime(min(since, LATEST_ID) - ID_RESOLUTION)
    if until is not None:
        moments["$lt"] = until
        if until < LATEST_ID:
            ids["$lt"] = PydanticObjectId.from_datetime(max(until, EARLIEST_ID) + ID_RESOLUTION)
    parts = {"_id": ids, "created_at": moments}
    return {field: range_ for field, range_ in parts.items() if range_}
