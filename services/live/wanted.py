"""Which events of a client a follower wants."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from documents.ids import PydanticObjectId
from documents.live_events import FOR_ALL_VISITORS, LiveEvent, LiveEventKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """Kinds, and of what; None is no condition.

    Attributes:
        visitor_id: a visitor's own events, with those that concern all visitors.
    """

    kinds: Collection[LiveEventKind]
    chatbot_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    source_id: PydanticObjectId | None = None
    integration_id: PydanticObjectId | None = None

    def includes(self, event: LiveEvent) -> bool:
        """Whether a follower wants this event."""
        return (
            event.kind in self.kinds
            and self.chatbot_id in {None, event.chatbot_id}
            and self.conversation_id in {None, event.conversation_id}
            and self.source_id in {None, event.source_id}
            and self.integration_id in {None, event.integration_id}
            and (
                self.visitor_id in {None, event.visitor_id}
                or (event.visitor_id is None and event.kind in FOR_ALL_VISITORS)
            )
        )

    def condition(self) -> dict[str, Any]:
        """A filter that lets through all that is included, and little else."""
        filter_: dict[str, Any] = {"kind": {"$in": sorted(self.kinds)}}
        if self.chatbot_id is not None:
            filter_["chatbot_id"] = self.chatbot_id
        if self.conversation_id is not None:
            filter_["conversation_id"] = self.conversation_id
        if self.source_id is not None:
            filter_["source_id"] = self.source_id
        if self.integration_id is not None:
            filter_["integration_id"] = self.integration_id
        if self.visitor_id is not None:
            filter_["visitor_id"] = {"$in": [self.visitor_id, None]}
        return filter_
