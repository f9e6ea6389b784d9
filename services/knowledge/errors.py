"""What can be refused about knowledge, with the data that a caller needs to say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource

FieldName = Literal["title", "text", "chatbot_ids"]


class KnowledgeError(Exception):
    """A business refusal about knowledge; nothing was changed."""


@dataclass(frozen=True, slots=True)
class LengthProblem:
    """A field is empty or too long. Lengths count code points, or ids for chatbots."""

    field: FieldName
    length: int
    least: int
    most: int


class KnowledgeInputError(KnowledgeError):
    """Fields are empty or too long; `problems` holds all of them, at least one."""

    def __init__(self, problems: Sequence[LengthProblem]) -> None:
        super().__init__(
            "; ".join(
                f"{one.field} has length {one.length}, allowed are {one.least} to {one.most}"
                for one in problems
            )
        )
        self.problems = tuple(problems)


class TooManySourcesError(KnowledgeError):
    """A chatbot would have more sources than it may."""

    def __init__(self, chatbot_id: PydanticObjectId, limit: int) -> None:
        super().__init__(f"chatbot {chatbot_id} already has {limit} knowledge sources")
        self.chatbot_id = chatbot_id
        self.limit = limit


class TooManyPassagesError(KnowledgeError):
    """A text falls into more passages, times chatbots, than can be written in one step."""

    def __init__(self, passages: int, limit: int) -> None:
        super().__init__(f"the text gives {passages} passages for its chatbots, allowed: {limit}")
        self.passages = passages
        self.limit = limit


class SourceNotFoundError(KnowledgeError):
    """There is no such source in the caller's scope."""

    def __init__(self, source_id: PydanticObjectId) -> None:
        super().__init__(f"no knowledge source {source_id}")
        self.source_id = source_id


class ChatbotsNotFoundError(KnowledgeError):
    """A chatbot does not exist, or is another client's, or went away meanwhile."""

    def __init__(self, chatbot_ids: Sequence[PydanticObjectId]) -> None:
        super().__init__(f"not all of {len(chatbot_ids)} chatbots exist for this client")
        self.chatbot_ids = tuple(chatbot_ids)


class SourceRevisionError(KnowledgeError):
    """Somebody else changed the source first; `current` is what it is now."""

    def __init__(self, current: KnowledgeSource) -> None:
        super().__init__(f"knowledge source {current.id} is at revision {current.revision}")
        self.current = current
        self.current_revision = current.revision


class SameAddressError(KnowledgeError):
    """One of the chatbots reads the address already; `title` names the source that does."""

    def __init__(self, title: str) -> None:
        super().__init__(f"the source {title!r} reads this address already")
        self.title = title
