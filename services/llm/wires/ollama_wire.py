"""Ollama's chat: one JSON object a line.

https://docs.ollama.com/api/chat
"""

from typing import Any

from services.llm.model import ModelRequest, ModelSettings
from services.llm.pieces import Piece
from services.llm.wires.json_reader import JsonReader, parsed
from services.llm.wires.wire import Call, Wire


def _covers(_settings: ModelSettings) -> bool:
    return True


def _call(settings: ModelSettings, request: ModelRequest) -> Call:
    wanted = {"num_predict": settings.max_tokens, "temperature": settings.temperature}
    body = {
        "model": settings.model,
        "messages": [{"role": turn.role, "content": turn.text} for turn in request.turns],
        "stream": True,
        "options": {name: value for name, value in wanted.items() if value is not None},
    }
    return Call("/api/chat", body)


class _OllamaReader(JsonReader):
    """Reads lines."""

    def end(self) -> Piece | None:
        """The last line, which need not have an end."""
        return self.read(b"\n")

    def _take_line(self, line: bytes) -> None:
        if not line.strip():
            return
        part = parsed(line)
        if complaint := part.get("error"):
            raise self._complaint(complaint)
        text = part["message"].get("content") or ""
        if part.get("done") is True:
            self._take_end(part, text)
        else:
            self._say(text)

    def _take_end(self, part: dict[str, Any], text: str) -> None:
        reason = part.get("done_reason") or "stop"
        if reason == "load" and not text.strip():
            return  # the model was loaded, nothing was said yet
        piece = self._say(text)
        piece.reason = str(reason)
        counts = part.get("prompt_eval_count"), part.get("eval_count")
        if None not in counts:
            piece.input_tokens, piece.output_tokens = counts


WIRE = Wire(_covers, _call, _OllamaReader)
