"""Which conversations a list shows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from documents.conversations import Conversation, begun_between
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope

NOTHING: Final[Mapping[str, Any]] = {"_id": {"$in": []}}
"""The condition of a list that cannot have anything in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a conversation must be like; None and empty collections are no condition.

    Attributes:
        since: it began then or later.
        until: it began before.
        rating: "up" or "down": the visitor rates one of its answers so.
        llm_config_id: this model gave one of its answers.
        has_citations: whether an answer cites something.
    """

    chatbot_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    since: datetime | None = None
    until: datetime | None = None
    languages: Collection[str] = ()
    statuses: Collection[str] = ()
    rating: str | None = None
    llm_config_id: PydanticObjectId | None = None
    has_citations: bool | None = None

    def condition(self) -> dict[str, Any]:
        """The same as a filter."""
        equal = {
            "chatbot_id": self.chatbot_id,
            "visitor_id": self.visitor_id,
            "llm_config_ids": self.llm_config_id,
            "has_citations": self.has_citations,
            "ratings": self.rating,
        }
        among = {"language": self.languages, "status": self.statuses}
        filter_: dict[str, Any] = begun_between(self.since, self.until)
        filter_ |= {field: value for field, value in equal.items() if value is not None}
        filter_ |= {field: {"$in": sorted(some)} for field, some in among.items() if some}
        return filter_

    def condition_on_messages(self) -> dict[str, Any]:
        """What of it can be told of a message alone; `condition` still has to hold."""
        equal = {"chatbot_id": self.chatbot_id, "visitor_id": self.visitor_id}
        begun = begun_between(self.since, None)
        filter_: dict[str, Any] = {"_id": begun["_id"]} if "_id" in begun else {}
        return filter_ | {field: value for field, value in equal.items() if value is not None}


async def oldest_listed(
    scope: TenantScope, chatbot_id: PydanticObjectId, visitor_id: PydanticObjectId, kept: int
) -> PydanticObjectId | None:
    """With which conversation a visitor's own list ends; None while it has all of them.

    Looked for when the list is read, so that a changed number counts at once.

    Args:
        scope: The client's documents.
        chatbot_id: Of which chatbot.
        visitor_id: Whose list.
        kept: How many the list has at most.
    """
    conversations = scope.of(Conversation)
    own = conversations.condition({"visitor_id": visitor_id, "chatbot_id": chatbot_id})
    newest = conversations.raw.find(own, {"_id": 1}).sort("_id", -1)
    last = await newest.skip(max(kept, 1) - 1).limit(1).to_list()
    return last[0]["_id"] if last else None
