"""OpenAI's chat completions, and every server that speaks them (vLLM, LM Studio, Groq, ...).

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import re
from typing import Any

from services.llm.model import ModelRequest, ModelSettings
from services.llm.wires.event_reader import EventReader
from services.llm.wires.json_reader import parsed
from services.llm.wires.wire import Call, Wire

_REASONING_MODEL = re.compile(r"o\d")
_END = b"[DONE]"


def _covers(_settings: ModelSettings) -> bool:
    return True


def _call(settings: ModelSettings, request: ModelRequest) -> Call:
    bound = "max_tokens" if settings.provider == "openai_compatible" else "max_completion_tokens"
    wanted = {
        "model": settings.model,
        "messages": _messages(settings, request),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": _temperature(settings),
        bound: settings.max_tokens or None,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    return Call("/chat/completions", body)


def _messages(settings: ModelSettings, request: ModelRequest) -> list[dict[str, str]]:
    # Reasoning models know the system's role by another name.
    system = "developer" if _REASONING_MODEL.match(settings.model) else "system"
    return [
        {"role": system if turn.role == "system" else turn.role, "content": turn.text}
        for turn in request.turns
    ]


def _temperature(settings: ModelSettings) -> float | None:
    model = settings.model.lower()
    # GPT-5 refuses any other than its own.
    has_its_own = model.startswith("gpt-5") and "chat" not in model
    return None if has_its_own and settings.temperature != 1 else settings.temperature


class _OpenAIReader(EventReader):
    """Reads `chat.completion.chunk`s."""

    _is_over = False

    def _take_event(self, _name: bytes, data: bytes) -> None:
        if self._is_over or not data:
            return
        if data.startswith(_END):
            self._is_over = True
            return
        chunk = parsed(data)
        if complaint := chunk.get("error"):
            raise self._complaint(complaint)
        self._take_choices(chunk.get("choices") or ())
        if usage := chunk.get("usage"):
            piece = self._say()
            piece.input_tokens = usage.get("prompt_tokens") or 0
            piece.output_tokens = usage.get("completion_tokens") or 0

    def _take_choices(self, choices: Any) -> None:
        choice = choices[0] if choices else {"delta": {}}
        delta = choice["delta"]
        if delta is None:
            return
        piece = self._say(_text_of(delta.get("content") or ""))
        if reason := choice.get("finish_reason"):
            piece.reason = str(reason)


def _text_of(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    # Some servers send what a model thinks and what it says as parts of a list.
    return "".join(part if isinstance(part, str) else _text_in(part) for part in content)


def _text_in(part: dict[str, Any]) -> str:
    return str(part["text"]) if part.get("type") == "text" else ""


WIRE = Wire(_covers, _call, _OpenAIReader)
