"""The sixteen languages Parlance speaks, and choosing one of them for somebody's wishes."""

from collections.abc import Iterator, Sequence
from typing import Final

LANGUAGES: Final = (
    "en", "fr", "es", "de", "it", "pt", "nl", "pl",
    "ja", "zh", "ar", "hi", "id", "th", "tr", "vi",
)  # fmt: skip
"""ISO 639-1 codes, in the order the product lists them."""

UNDETERMINED: Final = "und"
"""BCP 47's code for a text whose language cannot be told."""

DEFAULT_LANGUAGE: Final = "en"

RIGHT_TO_LEFT: Final = frozenset(("ar",))

_LONGEST_WISH_CHARACTERS = 1_000
_MOST_WISHES = 32
_SAME_LANGUAGE = {"in": "id", "cmn": "zh", "yue": "zh", "arb": "ar"}


def negotiate_language(
    wanted: str | None, offered: Sequence[str], default: str | None = None
) -> str:
    """Choose the offered language that somebody wants most.

    Args:
        wanted: A BCP 47 tag ("pt-BR") or the value of an Accept-Language header; anything else,
            None included, counts as no wish.
        offered: What there is, such as a chatbot's languages.
        default: For wishes that cannot be met; else the first offered, else English.

    Returns:
        The offered tag as it is spelled in `offered`, or the default.
    """
    by_tag = {_normal(tag): tag for tag in reversed(offered)}
    by_language = {_primary(tag): tag for tag in reversed(offered)}
    for wish in _wishes(wanted or ""):
        if wish == "*":
            break
        met = by_tag.get(wish) or by_language.get(_primary(wish))
        if met is not None:
            return met
    if default is not None:
        return default
    return offered[0] if offered else DEFAULT_LANGUAGE


def _wishes(wanted: str) -> Iterator[str]:
    """The tags of an Accept-Language value, the most wanted first."""
    parts = wanted[:_LONGEST_WISH_CHARACTERS].split(",")[:_MOST_WISHES]
    rated = [_rated(part) for part in parts]
    for quality, tag in sorted(rated, key=lambda wish: -wish[0]):
        if quality > 0 and tag:
            yield tag


def _rated(part: str) -> tuple[float, str]:
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0, _normal(tag)
    try:
        quality = float(value)
    except ValueError:
        return 0.0, ""
    return (quality if 0 <= quality <= 1 else 0.0), _normal(tag)


def _normal(tag: str) -> str:
    return tag.strip().replace("_", "-").casefold()


def _primary(tag: str) -> str:
    primary = _normal(tag).partition("-")[0]
    return _SAME_LANGUAGE.get(primary, primary)
