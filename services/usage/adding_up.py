"""Adding up packed days by whatever they are asked by, all of them at once.

A year of a client is some thousand shares. Adding them one by one in Python takes longer than all
the rest of a report, so what they hold is laid end to end and added in a few steps of numpy's.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.usage.day_shares import NUMBER, RANK_BITS, SPAN, SUMMED, VISITOR
from services.usage.spans import LONGEST_SPAN
from services.usage.visitor_sketch import REGISTERS, visitors_of_ranks

Numbers: TypeAlias = NDArray[np.int64]

_SPANS = LONGEST_SPAN + 1
_RANKS = 64
"""More than there are."""

_RANK_MASK = (1 << RANK_BITS) - 1


@dataclass(slots=True)
class Figures:
    """Sums. `numbers` are named as in `documents.usage_daily.UsageDaily`.

    Attributes:
        first_token_ms: how many answers began within which span, see `services.usage.spans`.
        answer_ms: likewise until the end.
        visitors: about how many different ones asked.
    """

    numbers: Counter[str] = field(default_factory=Counter)
    first_token_ms: Mapping[int, int] = field(default_factory=dict)
    answer_ms: Mapping[int, int] = field(default_factory=dict)
    visitors: int = 0


class Groups:
    """Sums of shares by what they are asked by: days, chatbots, models. Grows with their number."""

    def __init__(self, count: int = 0) -> None:
        self._count = count
        self._numbers = np.zeros((count, len(SUMMED)), np.int64)
        self._first_token = np.zeros((count, _SPANS), np.int64)
        self._answer = np.zeros((count, _SPANS), np.int64)
        self._ranks = np.zeros((count, REGISTERS), np.uint8)

    def add(self, shares: "PackedShares", groups: Sequence[int]) -> None:
        """Add shares; `groups` says to which one each belongs."""
        self._grow(max(groups, default=-1) + 1)
        belongs = np.array(groups, np.int64)
        np.add.at(self._numbers, belongs, shares.numbers)
        for sums, (entries, of_share) in (
            (self._first_token, shares.first_token),
            (self._answer, shares.answer),
        ):
            np.add.at(sums, (belongs[of_share], entries["span"]), entries["count"].astype(np.int64))
        entries, of_share = shares.visitors
        ranks = (entries & _RANK_MASK).astype(np.uint8)
        np.maximum.at(self._ranks, (belongs[of_share], entries >> RANK_BITS), ranks)

    def figures(self) -> list[Figures]:
        """What each group came to."""
        return [
            Figures(
                Counter(dict(zip(SUMMED, numbers, strict=True))),
                _counts(first_token),
                _counts(answer),
                visitors_of_ranks(np.bincount(ranks[ranks > 0], minlength=_RANKS).tolist()),
            )
            for numbers, first_token, answer, ranks in zip(
                self._numbers.tolist(), self._first_token, self._answer, self._ranks, strict=True
            )
        ]

    def packed(self, group: int) -> dict[str, bytes]:
        """What a group came to, as `services.usage.day_shares` packs a share."""
        ranks = self._ranks[group]
        met = np.flatnonzero(ranks)
        return {
            "numbers": self._numbers[group].astype(NUMBER).tobytes(),
            "first_token": _packed_spans(self._first_token[group]),
            "answer": _packed_spans(self._answer[group]),
            "visitors": (met << RANK_BITS | ranks[met]).astype(VISITOR).tobytes(),
        }

    def _grow(self, count: int) -> None:
        if count > self._count:
            more = max(count, 2 * self._count) - self._count if self._count else count
            self._numbers = _longer(self._numbers, more)
            self._first_token = _longer(self._first_token, more)
            self._answer = _longer(self._answer, more)
            self._ranks = _longer(self._ranks, more)
            self._count += more


class PackedShares:
    """Packed shares, laid end to end. Of spans and visitors: all entries, and whose each one is."""

    def __init__(self, shares: Sequence[Mapping[str, Any]]) -> None:
        joined = b"".join(one["numbers"] for one in shares)
        self.numbers = np.frombuffer(joined, NUMBER).reshape(-1, len(SUMMED))
        self.first_token = _laid_out([one["first_token"] for one in shares], SPAN)
        self.answer = _laid_out([one["answer"] for one in shares], SPAN)
        self.visitors = _laid_out([one["visitors"] for one in shares], VISITOR)


def _laid_out(packed: Sequence[bytes], form: np.dtype[Any]) -> tuple[NDArray[Any], Numbers]:
    entries = np.frombuffer(b"".join(packed), form)
    lengths = [len(one) // form.itemsize for one in packed]
    return entries, np.repeat(np.arange(len(packed)), lengths)


def _packed_spans(sums: Numbers) -> bytes:
    places = np.flatnonzero(sums)
    packed = np.zeros(len(places), SPAN)
    packed["span"], packed["count"] = places, sums[places]
    return packed.tobytes()


def _counts(sums: Numbers) -> dict[int, int]:
    places = np.flatnonzero(sums)
    return dict(zip(places.tolist(), sums[places].tolist(), strict=True))


def _longer(sums: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate([sums, np.zeros((more, sums.shape[1]), sums.dtype)])
