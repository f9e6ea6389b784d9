"""What a hook gave back, checked and made into what the turn works with.

A result that is not as documented is a failure of the hook, like an exception: nothing of it is
used, and its author is told which key is wrong and what would be right.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.hooks.interface import (
    KEYS,
    MAX_CONTEXT_CHARACTERS,
    MAX_REASON_CHARACTERS,
    MAX_STATE_BYTES,
    MAX_SUGGESTION_CHARACTERS,
    MAX_SUGGESTIONS,
    MAX_TAG_CHARACTERS,
    MAX_TAGS,
    MAX_TEXT_CHARACTERS,
    FunctionName,
)


class BadResultError(ValueError):
    """A result is not as documented; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a function of a hook wants. None and () leave things as they are.

    Attributes:
        state: As JSON text.
        escalate: Why a person is asked for; "" for no reason given.
    """

    message: str | None = None
    context: tuple[str, ...] = ()
    answer: str | None = None
    tags: tuple[str, ...] = ()
    block: str | None = None
    llm: str | None = None
    suggestions: tuple[str, ...] | None = None
    state: str | None = None
    escalate: str | None = None


NOTHING = Effects()


def effects_of(function: FunctionName, result: Mapping[str, Any] | None) -> Effects:
    """The effects of a result.

    Raises:
        BadResultError: a key is unknown to this function, or its value is not as documented.
    """
    if result is None:
        return NOTHING
    unknown = sorted(str(key) for key in result if key not in KEYS[function])
    if unknown:
        may = ", ".join(sorted(KEYS[function]))
        raise BadResultError(f"{function} may not return {unknown[0][:50]!r}, only: {may}")
    given = {key: value for key, value in result.items() if value is not None}
    return Effects(
        message=_text(given, "message", MAX_TEXT_CHARACTERS),
        context=_context(given),
        answer=_text(given, "answer", MAX_TEXT_CHARACTERS),
        tags=_texts(given, "tags", MAX_TAGS, MAX_TAG_CHARACTERS) or (),
        block=_text(given, "block", MAX_TEXT_CHARACTERS),
        llm=_text(given, "llm", MAX_TAG_CHARACTERS * 2),
        suggestions=_texts(given, "suggestions", MAX_SUGGESTIONS, MAX_SUGGESTION_CHARACTERS),
        state=_state(given),
        escalate=_escalate(given),
    )


def _text(given: Mapping[str, Any], key: str, longest: int) -> str | None:
    if key not in given:
        return None
    return _checked_text(given[key], key, longest)


def _checked_text(value: object, key: str, longest: int) -> str:
    if not isinstance(value, str):
        raise BadResultError(f"{key!r} must be text, not {type(value).__name__}")
    if not value.strip() or len(value) > longest:
        raise BadResultError(f"{key!r} needs between 1 and {longest} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadResultError(f"{key!r} has half a character in it (a lone surrogate)") from None
    return value


def _texts(given: Mapping[str, Any], key: str, most: int, longest: int) -> tuple[str, ...] | None:
    if key not in given:
        return None
    values = given[key]
    if not isinstance(values, list) or len(values) > most:
        raise BadResultError(f"{key!r} must be a list of at most {most} texts")
    return tuple(dict.fromkeys(_checked_text(one, key, longest).strip() for one in values))


def _context(given: Mapping[str, Any]) -> tuple[str, ...]:
    values = given.get("context", [])
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list):
        raise BadResultError("'context' must be text or a list of texts")
    texts = tuple(_checked_text(one, "context", MAX_CONTEXT_CHARACTERS) for one in values)
    if sum(map(len, texts)) > MAX_CONTEXT_CHARACTERS:
        raise BadResultError(f"'context' may have {MAX_CONTEXT_CHARACTERS} characters in all")
    return texts


def _state(given: Mapping[str, Any]) -> str | None:
    if "state" not in given:
        return None
    if not isinstance(given["state"], dict):
        raise BadResultError("'state' must be a dict")
    text = json.dumps(given["state"], separators=(",", ":"))
    if len(text) > MAX_STATE_BYTES:
        raise BadResultError(f"'state' may have {MAX_STATE_BYTES} bytes as JSON")
    return text


def _escalate(given: Mapping[str, Any]) -> str | None:
    wish = given.get("escalate", False)
    if isinstance(wish, bool):
        return "" if wish else None
    return _checked_text(wish, "escalate", MAX_REASON_CHARACTERS)
