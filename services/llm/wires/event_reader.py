"""Server-sent events, which the formats of OpenAI and Anthropic are made of.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from abc import abstractmethod

from services.llm.wires.json_reader import JsonReader

MOST_EVENT_LINES = 10_000
MOST_EVENT_BYTES = 1 << 20
"""Of one event: a stream of lines without an end would otherwise fill the memory."""


class EventReader(JsonReader):
    """A reader that is given whole events."""

    def __init__(self, host: str, key: str | None) -> None:
        super().__init__(host, key)
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0

    @abstractmethod
    def _take_event(self, name: bytes, data: bytes) -> None:
        """Take an event, whose name may be empty."""

    def _take_line(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._add(_value(line, 5))
        elif line.startswith(b"event:"):
            self._name = _value(line, 6)
        elif not line:
            self._dispatch()

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._size += len(value)
        if self._size > MOST_EVENT_BYTES or len(self._data) > MOST_EVENT_LINES:
            raise ValueError("an event without end")

    def _dispatch(self) -> None:
        name, data = self._name, b"\n".join(self._data)
        self._name = b""
        self._data.clear()
        self._size = 0
        if name or data:
            self._take_event(name, data)


def _value(line: bytes, start: int) -> bytes:
    return line[start + 1 :] if line[start : start + 1] == b" " else line[start:]
