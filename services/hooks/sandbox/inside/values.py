"""What a hook may return: JSON, and not more of it than anybody can use."""

import json
import math
from typing import Any

LONGEST_BYTES = 256 * 1024
DEEPEST = 16
MOST_VALUES = 50_000
_WIDEST = 1 << 63


class BadResultError(Exception):
    """The value cannot be handed back; the text says which part of it and why."""


class LongResultError(Exception):
    """The value is too long."""


def encoded(result: object) -> bytes:
    """The result of a hook as JSON.

    Raises:
        BadResultError: it is neither None nor a dict of JSON values.
        LongResultError: it is longer than LONGEST_BYTES or has more than MOST_VALUES parts.
    """
    if result is not None and type(result) is not dict:
        raise BadResultError(f"A hook returns a dict or None, and this is {_a(result)}.")
    _Check().value(result, "", 1)
    text = json.dumps(result, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > LONGEST_BYTES:
        raise LongResultError(
            f"The result is {len(text) // 1024} KB long; {LONGEST_BYTES // 1024} KB are possible."
        )
    return text


def _a(value: object) -> str:
    return f"a {type(value).__name__}"


class _Check:
    """Counts the parts of one result: shared lists can make a few names into a billion parts."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def value(self, value: Any, place: str, depth: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise LongResultError(f"The result has more than {MOST_VALUES} parts.")
        if depth > DEEPEST:
            raise BadResultError(f"The result is nested more than {DEEPEST} deep.")
        kind = type(value)
        if kind is dict:
            for key, part in value.items():
                self._key(key, place)
                self.value(part, f"{place}[{key[:40]!r}]", depth + 1)
        elif kind in {list, tuple}:
            for index, part in enumerate(value):
                self.value(part, f"{place}[{index}]", depth + 1)
        else:
            self._single(value, place)

    def _key(self, key: object, place: str) -> None:
        if type(key) is not str:
            raise BadResultError(f"result{place} has {_a(key)} as a key; keys are texts.")
        self._text(key, place)

    def _single(self, value: Any, place: str) -> None:
        kind = type(value)
        if kind is str:
            self._text(value, place)
        elif kind is int:
            if not -_WIDEST <= value < _WIDEST:
                raise BadResultError(f"result{place} is a number beyond 64 bits.")
        elif kind is float:
            if not math.isfinite(value):
                raise BadResultError(f"result{place} is {value}, which JSON does not have.")
        elif value is not None and kind is not bool:
            raise BadResultError(
                f"result{place} is {_a(value)}; a result is made of texts, numbers, True, False,"
                " None, lists and dicts."
            )

    def _text(self, text: str, place: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadResultError(f"result{place} holds half a character.") from None
