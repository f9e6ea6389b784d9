"""The blob of a checked hook: which rules it was compiled under, its source, and its code.

The application reads the first two for the author's sake. The code is never opened outside of a
hook's process: what Python makes of a hostile code object is anybody's guess.
"""

import struct
import sys
from dataclasses import dataclass
from importlib.metadata import version

from services.hooks.sandbox.inside.policy_number import POLICY

_LENGTHS = struct.Struct("!HI")

#: Code is good for one set of rules, one release of RestrictedPython and one Python only.
POLICY_VERSION = (
    f"{POLICY}/{version('RestrictedPython')}/{sys.implementation.cache_tag}"
    f"-{sys.version_info.micro}"
)


class OutdatedCodeError(Exception):
    """The blob is from other rules, or none of ours: the source is to be checked again."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked hook."""

    source: str
    code: bytes

    def packed(self) -> bytes:
        """As bytes to keep."""
        rules, source = POLICY_VERSION.encode(), self.source.encode()
        return b"".join((_LENGTHS.pack(len(rules), len(source)), rules, source, self.code))

    @classmethod
    def unpacked(cls, blob: bytes) -> "Compiled":
        """From the bytes.

        Raises:
            OutdatedCodeError: they were packed under other rules.
        """
        try:
            rules_length, source_length = _LENGTHS.unpack_from(blob)
        except struct.error:
            raise OutdatedCodeError from None
        start = _LENGTHS.size + rules_length
        if blob[_LENGTHS.size : start] != POLICY_VERSION.encode():
            raise OutdatedCodeError
        source = blob[start : start + source_length]
        try:
            return cls(source.decode(), blob[start + source_length :])
        except UnicodeDecodeError:
            raise OutdatedCodeError from None
