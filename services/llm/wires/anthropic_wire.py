"""Anthropic's messages.

https://docs.anthropic.com/en/api/messages-streaming
"""

from itertools import groupby
from typing import Any

from services.llm.model import ChatTurn, ModelRequest, ModelSettings
from services.llm.wires.event_reader import EventReader
from services.llm.wires.json_reader import parsed
from services.llm.wires.wire import Call, Wire

API_VERSION = "2026-10-21"
"""The version of the format that is written and read here, the same as the SDK's."""

DEFAULT_MAX_TOKENS = 2_048
"""The API demands a bound; LangChain's own default is the model's maximum."""

_OWN_TEMPERATURE = ("claude-fable-5", "claude-sonnet-5-5")
"""Models that refuse a temperature; LangChain knows which one, and says so."""


def _covers(settings: ModelSettings) -> bool:
    return settings.temperature is None or not settings.model.startswith(_OWN_TEMPERATURE)


def _call(settings: ModelSettings, request: ModelRequest) -> Call:
    rules = [turn for turn in request.turns if turn.role == "system"]
    talk = [turn for turn in request.turns if turn.role != "system"]
    wanted = {
        "model": settings.model,
        "max_tokens": settings.max_tokens or DEFAULT_MAX_TOKENS,
        "system": _content(rules) if rules else None,
        "messages": _messages(talk),
        "temperature": settings.temperature,
        "stream": True,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    return Call("/v1/messages", body, {"anthropic-version": API_VERSION})


def _messages(talk: list[ChatTurn]) -> list[dict[str, Any]]:
    return [
        {"role": role, "content": _content(list(turns))}
        for role, turns in groupby(talk, key=lambda turn: turn.role)
    ]


def _content(turns: list[ChatTurn]) -> str | list[dict[str, str]]:
    if len(turns) == 1:
        return turns[0].text
    return [{"type": "text", "text": turn.text} for turn in turns]


class _AnthropicReader(EventReader):
    """Reads the events of a message."""

    def _take_event(self, name: bytes, data: bytes) -> None:
        if name == b"error":
            raise self._complaint(_body_of(data))
        if not name or name == b"ping" or not data:
            return
        event = parsed(data)
        match event.get("type"):
            case "content_block_delta":
                delta = event["delta"]
                self._say(delta["text"] if delta.get("type") == "text_delta" else "")
            case "content_block_start":
                block = event.get("content_block") or {}
                self._say((block.get("type") == "text" and block.get("text")) or "")
            case "message_delta":
                self._take_end(event)
            case _:
                self._say()

    def _take_end(self, event: dict[str, Any]) -> None:
        piece = self._say()
        if reason := event["delta"].get("stop_reason"):
            piece.reason = str(reason)
        if usage := event.get("usage"):
            piece.input_tokens = _prompt_tokens(usage)
            piece.output_tokens = usage.get("output_tokens") or 0


def _prompt_tokens(usage: dict[str, Any]) -> int:
    """All of them; `input_tokens` leaves out what came from and went to the cache."""
    written = sum((usage.get("cache_creation") or {}).values())
    read = ("input_tokens", "cache_read_input_tokens")
    return sum(usage.get(name) or 0 for name in read) + (
        written or usage.get("cache_creation_input_tokens") or 0
    )


def _body_of(data: bytes) -> Any:
    try:
        return parsed(data)
    except ValueError:
        return data.decode(errors="replace")


WIRE = Wire(_covers, _call, _AnthropicReader)
