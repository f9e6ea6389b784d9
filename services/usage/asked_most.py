"""Questions and how often they were asked, packed into bytes: a year adds thousands of them up.

Of each: its fingerprint, see `services.usage.fingerprints`, how often it was asked, when last, and
that time's answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from documents.ids import PydanticObjectId
from services.usage.fingerprints import FINGERPRINT_BYTES

LAYOUT: Final = 1
"""Of what is packed. Months of another one are merged anew."""

_ID_BYTES = 12
_PACKED: Final = np.dtype(
    [
        ("key", f"V{FINGERPRINT_BYTES}"),
        ("count", "<i8"),
        ("last_ms", "<i8"),
        ("answer", f"V{_ID_BYTES}"),
    ]
)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class AskedOften:
    """A question.

    Attributes:
        last_at: when it was asked last.
        answer_id: the answer that it got then.
    """

    count: int
    last_at: datetime
    answer_id: PydanticObjectId


class AskedMost:
    """Adds questions up by their fingerprints."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []

    def add(self, packed: bytes) -> None:
        """Add those of a month."""
        self._packed.append(packed)

    def add_day(self, asked: Mapping[str, Mapping[str, Any]]) -> None:
        """Add those of a day, as `documents.usage_highlights` keeps them."""
        rows = [
            (
                bytes.fromhex(key),
                one["count"],
                (one["last_at"] - _BEGINNING) // _MS,
                one["answer_id"].binary,
            )
            for key, one in asked.items()
        ]
        self._packed.append(np.array(rows, _PACKED).tobytes())

    def most(self, number: int) -> Sequence[AskedOften]:
        """Those that were asked most, the most asked first."""
        return [
            AskedOften(count, _BEGINNING + last * _MS, PydanticObjectId(answer))
            for _, count, last, answer in self._most(number).tolist()
        ]

    def packed(self, number: int) -> bytes:
        """Those that were asked most, packed."""
        return self._most(number).tobytes()

    def _most(self, number: int) -> NDArray[Any]:
        rows = np.frombuffer(b"".join(self._packed), _PACKED)
        # The last one of each question stands at the end of its run.
        rows = rows[np.lexsort((rows["last_ms"], _whole(rows["key"])))]
        keys = _whole(rows["key"])
        ends = np.flatnonzero(np.append(keys[1:] != keys[:-1], np.ones(min(1, len(rows)), bool)))
        sums = np.append(0, rows["count"].cumsum())[ends + 1]
        found = rows[ends]
        found["count"] = np.diff(sums, prepend=0)
        order = np.lexsort((-found["last_ms"], -found["count"]))
        return found[order[:number]]


def _whole(keys: NDArray[Any]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(keys).view("<u8")
