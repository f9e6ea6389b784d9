"""What a stream is made of before it is judged, however it was read.

LangChain and our own readers both give pieces; deadlines, bounds and the end of an answer are
looked after in one place above them (`services.llm.streaming`), so they cannot differ.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from services.llm.model import ModelRequest


@dataclass(slots=True)
class Piece:
    """What came at once.

    Attributes:
        text: what the model said; may be empty, as while it thinks.
        reason: the provider's word for why it stopped, once it has.
        input_tokens: as the provider counted so far; None when it has not said.
        output_tokens: likewise.
    """

    text: str
    reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


MOST_TOKENS = 2**31 - 1


def counted(count: object) -> int | None:
    """A number of tokens as a provider wrote it; None when it is none, and then it is estimated.

    Gateways write 12 as 12.0 or as a text. What is below nothing or beyond reason is not believed:
    it would be money.
    """
    if isinstance(count, str) and count.isascii() and count.isdigit():
        count = int(count[: len(str(MOST_TOKENS)) + 1])
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    if not isinstance(count, int) or isinstance(count, bool):
        return None
    return count if 0 <= count <= MOST_TOKENS else None


PieceSource = Callable[[ModelRequest], AsyncGenerator[Piece, None]]
"""Asks, and gives the pieces as they come; raises `ModelError`s or what an SDK raises."""


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source that is ready to be asked.

    Attributes:
        pieces: asks.
        context: gives the context in which the first piece is waited for.
    """

    pieces: PieceSource
    context: Callable[[], AbstractContextManager[None]] = nullcontext
