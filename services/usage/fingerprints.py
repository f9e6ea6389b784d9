"""Knowing a question again without keeping its words."""

import unicodedata
from hashlib import blake2b

import regex  # type: ignore[import-untyped]

FINGERPRINT_BYTES = 8
FINGERPRINTED_CHARACTERS = 500

_SIGNS = regex.compile(r"[^\p{L}\p{N}\p{M}]+")


def fingerprint_of(question: str) -> str | None:
    """The same for questions that differ in signs and capitals only; None for one without words."""
    read = unicodedata.normalize("NFKC", question[:FINGERPRINTED_CHARACTERS]).casefold()
    words = _SIGNS.sub(" ", read).strip()
    if not words:
        return None
    return blake2b(words.encode(), digest_size=FINGERPRINT_BYTES).hexdigest()
