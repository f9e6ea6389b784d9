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
from services.usage.visitor_sketch import REGISTER_BITS, visitors_of_ranks

Numbers: TypeAlias = NDArray[np.int64]

_SPANS = LONGEST_SPAN + 1
_RANKS = 64
"""More than there are."""


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


class PackedShares:
    """Packed shares, laid end to end."""

    def __init__(self, shares: Sequence[Mapping[str, Any]]) -> None:
        self._count = len(shares)
        joined = b"".join(one["numbers"] for one in shares)
        self._numbers = np.frombuffer(joined, NUMBER).reshape(-1, len(SUMMED))
        self._first_token = _laid_out([one["first_token"] for one in shares], SPAN)
        self._answer = _laid_out([one["answer"] for one in shares], SPAN)
        self._visitors = _laid_out([one["visitors"] for one in shares], VISITOR)

    def by(self, groups: Sequence[int], count: int) -> list[Figures]:
        """The figures of `count` groups; `groups` says to which one each share belongs."""
        belongs = np.array(groups, np.int64)
        numbers = np.zeros((count, len(SUMMED)), np.int64)
        np.add.at(numbers, belongs, self._numbers)
        first_token = _spans_by(belongs, self._first_token, count)
        answer = _spans_by(belongs, self._answer, count)
        visitors = _visitors_by(belongs, self._visitors, count)
        return [
            Figures(Counter(dict(zip(SUMMED, row, strict=True))), began, ended, met)
            for row, began, ended, met in zip(
                numbers.tolist(), first_token, answer, visitors, strict=True
            )
        ]


def _laid_out(packed: Sequence[bytes], form: np.dtype[Any]) -> tuple[NDArray[Any], Numbers]:
    """All entries, and of which share each one is."""
    entries = np.frombuffer(b"".join(packed), form)
    lengths = [len(one) // form.itemsize for one in packed]
    return entries, np.repeat(np.arange(len(packed)), lengths)


def _spans_by(
    belongs: Numbers, laid_out: tuple[NDArray[Any], Numbers], count: int
) -> list[dict[int, int]]:
    entries, shares = laid_out
    sums = np.zeros(count * _SPANS, np.int64)
    np.add.at(sums, belongs[shares] * _SPANS + entries["span"], entries["count"].astype(np.int64))
    by_group: list[dict[int, int]] = [{} for _ in range(count)]
    places = np.flatnonzero(sums)
    for place, number in zip(places.tolist(), sums[places].tolist(), strict=True):
        by_group[place // _SPANS][place % _SPANS] = number
    return by_group


def _visitors_by(belongs: Numbers, laid_out: tuple[NDArray[Any], Numbers], count: int) -> list[int]:
    """Of each register the highest rank, of all of them how many visitors that tells."""
    entries, shares = laid_out
    places = (belongs[shares] << REGISTER_BITS) | (entries >> RANK_BITS)
    ranks = (entries & ((1 << RANK_BITS) - 1)).astype(np.int64)
    order = np.argsort(places * _RANKS + ranks, kind="stable")
    places, ranks = places[order], ranks[order]
    is_highest = np.append(places[1:] != places[:-1], True) if len(places) else np.array([], bool)
    groups = places[is_highest] >> REGISTER_BITS
    met = np.bincount(groups * _RANKS + ranks[is_highest], minlength=count * _RANKS)
    return [visitors_of_ranks(row) for row in met.reshape(count, _RANKS).tolist()]
