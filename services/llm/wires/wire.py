"""What a wire format must tell so that its answers can be read without an SDK."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.llm.model import ModelRequest, ModelSettings
from services.llm.pieces import Piece


class AnswerReader(Protocol):
    """Reads one answer. A failure leaves standing what was said before it."""

    @property
    def failure(self) -> Exception | None:
        """Why nothing of what follows can be read, if so."""
        ...

    def read(self, part: bytes) -> Piece | None:
        """What some bytes bring, however they were cut; None if they are no sign of life."""
        ...

    def end(self) -> Piece | None:
        """What is left when the bytes are over."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a provider.

    Attributes:
        path: below the base URL.
        body: as JSON.
        headers: beside those that every call has.
    """

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wire:
    """One format.

    Attributes:
        covers: whether calls with these settings are the same as LangChain's.
        call: how to ask.
        reader: makes a reader of one answer; host and key are for its complaints.
    """

    covers: Callable[[ModelSettings], bool]
    call: Callable[[ModelSettings, ModelRequest], Call]
    reader: Callable[[str, str | None], AnswerReader]
