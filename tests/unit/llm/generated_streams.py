"""Streams in the three formats as providers might send them, made from a seed.

They hold what the formats' documentation allows and what servers are known to do: comments, odd
line ends, fields nobody knows, thoughts, tool calls, counts in every chunk, escapes. Ids of events
are missing because OpenAI's SDK takes a comment after one for an event without data.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

WORDS = [
    "Hello", " ", "", "Grüße", "你好", "🎉", '"quoted"', "back\\slash", "a\nb", "\t", "[1]", "</s>",
    " naïve", "data: x", "\u2028", "e\u0301", "\u00a0", "0", "null", "ﷺ",
]  # fmt: skip
OPENAI_REASONS = ["stop", "length", "content_filter", "tool_calls", "eos", "STOP", "odd"]
ANTHROPIC_REASONS = ["end_turn", "max_tokens", "refusal", "tool_use", "stop_sequence", "pause_turn"]
OLLAMA_REASONS = ["stop", "length", None, "odd", "load"]


def generated(provider: str, random: Random) -> bytes:
    """A whole stream of one answer."""
    if provider == "ollama":
        return b"".join(_ollama_lines(random))
    events = _anthropic_events if provider == "anthropic" else _openai_events
    end = random.choice([b"\n", b"\n", b"\r\n", b"\r"])
    return b"".join(part.replace(b"\n", end) for part in events(random))


def spoiled(stream: bytes, random: Random) -> bytes:
    """The stream with one thing wrong: cut, a byte changed, or a piece of it missing."""
    at = random.randrange(1, len(stream))
    match random.randrange(3):
        case 0:
            return stream[:at]
        case 1:
            return stream[:at] + b"}" + stream[at + 1 :]
        case _:
            return stream[:at] + stream[at + random.randrange(1, 40) :]


def _json(random: Random, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=random.random() < 0.5)
    # httpx, and so LangChain's Ollama, takes these for ends of lines; Ollama escapes them.
    return text.replace("\u2028", "\\u2028").encode()


def _openai_events(random: Random) -> Iterator[bytes]:
    counts_always = random.random() < 0.3
    yield _openai_chunk(random, {"role": "assistant", "content": random.choice(["", None])})
    for _ in range(random.randrange(1, 8)):
        if random.random() < 0.2:
            yield random.choice([b": keep-alive\n\n", b":\n\n"])
        delta = _openai_delta(random)
        yield _openai_chunk(random, delta, counts=counts_always)
    yield _openai_chunk(random, {}, reason=random.choice(OPENAI_REASONS), counts=counts_always)
    if random.random() < 0.7:
        usage = _openai_usage(random)
        yield _event(random, _json(random, {"choices": [], "usage": usage}))
    yield b"data: [DONE]\n\n"


def _openai_delta(random: Random) -> dict[str, Any] | None:
    thought = {"content": None, "reasoning_content": "hmm"}
    call = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}
    parts = {"content": [{"type": "text", "text": random.choice(WORDS)}]}
    nothing: list[dict[str, Any] | None] = [{"content": None}, {"refusal": "no"}, None]
    if random.random() < 0.25:
        return random.choice([thought, call, parts, *nothing])
    return {"content": random.choice(WORDS)}


def _openai_chunk(
    random: Random, delta: dict[str, Any] | None, *, reason: str | None = None, counts: bool = False
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    chunk: dict[str, Any] = {"id": "chatcmpl-1", "model": "m", "created": 1, "choices": [choice]}
    if random.random() < 0.3:
        chunk |= {"x_unknown": {"deep": [1, None]}, "usage": None, "error": None}
    if counts:
        chunk["usage"] = _openai_usage(random)
    return _event(random, _json(random, chunk))


def _openai_usage(random: Random) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "prompt_tokens": random.choice([0, 7, 19]),
        "completion_tokens": random.choice([0, 10]),
    }
    if random.random() < 0.5:
        usage["completion_tokens_details"] = {"reasoning_tokens": 3}
    return usage


def _anthropic_events(random: Random) -> Iterator[bytes]:
    usage = {"input_tokens": 25, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m"}
    yield _named(random, "message_start", {"message": message | {"usage": usage}})
    for index in range(random.randrange(1, 4)):
        yield from _anthropic_block(random, index)
    if random.random() < 0.4:
        yield b'event: ping\ndata: {"type": "ping"}\n\n'
    delta = {"stop_reason": random.choice(ANTHROPIC_REASONS), "stop_sequence": None}
    yield _named(random, "message_delta", {"delta": delta, "usage": _anthropic_usage(random)})
    yield _named(random, "message_stop", {})


def _anthropic_block(random: Random, index: int) -> Iterator[bytes]:
    kind = random.choice(["text", "text", "thinking"])
    start = {"type": kind, kind: random.choice(["", "", "At once."])}
    if kind == "thinking":
        start["signature"] = ""
    yield _named(random, "content_block_start", {"index": index, "content_block": start})
    for _ in range(random.randrange(0, 6)):
        delta = {"type": f"{kind}_delta", kind: random.choice(WORDS)}
        yield _named(random, "content_block_delta", {"index": index, "delta": delta})
    yield _named(random, "content_block_stop", {"index": index})


def _anthropic_usage(random: Random) -> dict[str, Any]:
    usage: dict[str, Any] = {"output_tokens": random.choice([0, 15])}
    if random.random() < 0.5:
        usage |= {"input_tokens": 20, "cache_read_input_tokens": random.choice([None, 3])}
    if random.random() < 0.3:
        usage |= {
            "cache_creation_input_tokens": 9,
            "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 5},
        }
    return usage


def _named(random: Random, name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\n".encode() + _event(random, _json(random, {"type": name, **data}))


def _event(random: Random, data: bytes) -> bytes:
    space = random.choice([b" ", b" ", b""])
    return b"data:" + space + data + b"\n\n"


def _ollama_lines(random: Random) -> Iterator[bytes]:
    for _ in range(random.randrange(1, 8)):
        message: dict[str, Any] = {"role": "assistant", "content": random.choice(WORDS)}
        if random.random() < 0.3:
            message["thinking"] = "hmm"
        yield _ollama_line(random, {"message": message, "done": False})
    end: dict[str, Any] = {"message": {"role": "assistant", "content": ""}, "done": True}
    if reason := random.choice(OLLAMA_REASONS):
        end["done_reason"] = reason
    if random.random() < 0.7:
        end |= {"prompt_eval_count": random.choice([0, 26]), "eval_count": 282}
    if random.random() < 0.2:
        end.pop("prompt_eval_count", None)
    line = _ollama_line(random, end)
    yield line.rstrip(b"\n") if random.random() < 0.2 else line


def _ollama_line(random: Random, data: dict[str, Any]) -> bytes:
    return _json(random, {"model": "m", "created_at": "2026-01-01T00:00:00Z", **data}) + b"\n"
