"""Which of several compressed forms of a file a browser gets (RFC 9110, section 12.5.3)."""

from collections.abc import Collection
from typing import Final

PREFERRED: Final = ("br", "gzip")
"""Best first; what a browser says of its own preferences is about its speed, not about ours."""


def coding_for(accept_encoding: str, available: Collection[str]) -> str | None:
    """The best available coding that the header accepts; None for the file as it is."""
    accepted = _accepted(accept_encoding)
    everything = accepted.get("*", False)
    for coding in PREFERRED:
        if coding in available and accepted.get(coding, everything):
            return coding
    return None


def _accepted(header: str) -> dict[str, bool]:
    """Whether each coding of a header is welcome: `q=0` says that it is not."""
    accepted = {}
    for part in header.split(","):
        coding, _, weight = part.partition(";")
        quality = weight.strip().lower().removeprefix("q=").strip()
        accepted[coding.strip().lower()] = quality.strip("0.") != "" if quality else True
    return accepted
