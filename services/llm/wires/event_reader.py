"""Server-sent events, which the formats of OpenAI and Anthropic are made of.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from abc import abstractmethod

from services.llm.wires.json_reader import JsonReader


class EventReader(JsonReader):
    """A reader that is given whole events."""

    def __init__(self, host: str, key: str | None) -> None:
        super().__init__(host, key)
        self._name = b""
        self._data: list[bytes] = []

    @abstractmethod
    def _take_event(self, name: bytes, data: bytes) -> None:
        """Take an event, whose name may be empty."""

    def _take_line(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._data.append(_value(line, 5))
        elif line.startswith(b"event:"):
            self._name = _value(line, 6)
        elif not line:
            self._dispatch()

    def _dispatch(self) -> None:
        name, data = self._name, b"\n".join(self._data)
        self._name = b""
        self._data.clear()
        if name or data:
            self._take_event(name, data)


def _value(line: bytes, start: int) -> bytes:
    return line[start + 1 :] if line[start : start + 1] == b" " else line[start:]
