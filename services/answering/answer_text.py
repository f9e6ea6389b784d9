"""Where the text of an answer goes while it is made: to its followers, or to a hook first.

A chatbot whose hook rewrites answers must not show, nor store, a word before the hook has seen all
of it: what the hook takes out may be what nobody may see.
"""

from collections.abc import Callable
from typing import Protocol

from documents.messages import Message
from services.answering.answer_writer import AnswerWriter
from services.answering.events import AnswerEvent
from services.answering.whole_characters import WholeCharacters


class AnswerText(Protocol):
    """What a model's words are given to."""

    @property
    def answer(self) -> Message:
        """The answer that they belong to."""
        ...

    @property
    def text(self) -> str:
        """All words so far."""
        ...

    async def event(self, make: Callable[[int], AnswerEvent]) -> None:
        """Publish an event."""
        ...

    async def delta(self, piece: str) -> None:
        """Take more text."""
        ...


class HeldText:
    """Keeps the text back; other events go on to the followers."""

    def __init__(self, writer: AnswerWriter) -> None:
        self._writer = writer
        self._characters = WholeCharacters()
        self._pieces: list[str] = []

    @property
    def answer(self) -> Message:
        """The answer that the text belongs to."""
        return self._writer.answer

    @property
    def text(self) -> str:
        """All words so far, which nobody has seen."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    async def event(self, make: Callable[[int], AnswerEvent]) -> None:
        """Publish an event."""
        await self._writer.event(make)

    async def delta(self, piece: str) -> None:
        """Keep more text."""
        if text := self._characters.of(piece):
            self._pieces.append(text)
