"""What the readers of all formats do: take lines of JSON, and give one piece for each read.

Five tokens in one packet are one step of the answer. Whatever cannot be read ends the answer,
but not before what the same read brought in front of it.
"""

import json
from abc import ABC, abstractmethod
from typing import Any

import orjson

from services.llm.pieces import Piece
from services.llm.problems import problem_in_stream
from services.llm.wires.lines import Lines


class JsonReader(ABC):
    """An `AnswerReader`; each format says what a line means."""

    def __init__(self, host: str, key: str | None) -> None:
        self.failure: Exception | None = None
        self._host = host
        self._key = key
        self._lines = Lines()
        self._piece: Piece | None = None

    def read(self, part: bytes) -> Piece | None:
        """See `AnswerReader`."""
        self._piece = None
        try:
            for line in self._lines.of(part):
                self._take_line(line)
        except Exception as failure:  # noqa: BLE001 - providers send anything; nothing escapes
            self.failure = failure
        return self._piece

    def end(self) -> Piece | None:
        """See `AnswerReader`."""
        return None

    @abstractmethod
    def _take_line(self, line: bytes) -> None:
        """Take what a line says."""

    def _say(self, text: Any = "") -> Piece:
        """Add text, which may be empty, to the piece of this read."""
        if not isinstance(text, str):
            raise TypeError("text that is none")
        if self._piece is None:
            self._piece = Piece(text)
        else:
            self._piece.text += text
        return self._piece

    def _complaint(self, body: Any) -> Exception:
        return problem_in_stream(body, host=self._host, key=self._key)


def parsed(data: bytes) -> Any:
    """A line's JSON.

    Raises:
        ValueError: it is none.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # Half an emoji is no JSON for orjson, but some providers cut there; see WholeCharacters.
        return json.loads(data.decode())
