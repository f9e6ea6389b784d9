"""Adding up packed days by whatever they are asked by, all of them at once.

A year of a client is some thousand shares. Adding them one by one in Python takes longer than all
the rest of a report, so what they hold is laid end to end and added in a few steps of numpy's. It
adds fast at places of one flat array only, so sums are kept flat and cut into rows when read.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.usage.day_shares import NUMBER, RANK_BITS, SPAN, SUMMED, VISITOR
from services.usage.spans import SPANS, Spans
from services.usage.visitor_sketch import RANKS, REGISTER_BITS, REGISTERS, visitors_of_ranks

_RANK_MASK = (1 << RANK_BITS) - 1

Key = TypeVar("Key", bound=Hashable)
PackedShare = Mapping[str, Any]
"""As `documents.usage_days.DayShare` keeps it."""


def _no_spans() -> Spans:
    return np.zeros(SPANS, np.int64)


def _nobody() -> Spans:
    return np.zeros(RANKS, np.int64)


@dataclass(slots=True, eq=False)
class Figures:
    """Sums. `numbers` are named as in `documents.usage_daily.UsageDaily`.

    Attributes:
        first_token_ms: how many answers began within which span, see `services.usage.spans`.
        answer_ms: likewise until the end.
        ranks: of who asked, how many registers have which rank, see
            `services.usage.visitor_sketch`.
    """

    numbers: Counter[str] = field(default_factory=Counter)
    first_token_ms: Spans = field(default_factory=_no_spans)
    answer_ms: Spans = field(default_factory=_no_spans)
    ranks: Spans = field(default_factory=_nobody)

    @property
    def visitors(self) -> int:
        """About how many different ones asked."""
        return visitors_of_ranks(self.ranks.tolist())


class Sums(Generic[Key]):
    """Sums of shares by what they are asked by: days, chatbots, models. Grows with their number."""

    def __init__(self) -> None:
        self._places: dict[Key, int] = {}
        self._numbers = np.zeros((0, len(SUMMED)), np.int64)
        self._first_token = np.zeros((0, SPANS), np.int64)
        self._answer = np.zeros((0, SPANS), np.int64)
        self._ranks = np.zeros((0, REGISTERS), np.uint8)

    def add(self, shares: "PackedShares", keys: Iterable[Key]) -> None:
        """Add shares; `keys` says to what each belongs."""
        places = self._places
        belongs = np.array([places.setdefault(key, len(places)) for key in keys], np.int64)
        self._make_room()
        cells = belongs[:, None] * len(SUMMED) + np.arange(len(SUMMED))
        np.add.at(self._numbers.ravel(), cells.ravel(), shares.numbers.ravel())
        shares.first_token.add_to(self._first_token, belongs)
        shares.answer.add_to(self._answer, belongs)
        registers = np.repeat(belongs << REGISTER_BITS, shares.registers_each) + shares.registers
        np.maximum.at(self._ranks.ravel(), registers, shares.ranks)

    def figures(self) -> dict[Key, Figures]:
        """What each came to."""
        return {
            key: Figures(
                _named(self._numbers[place].tolist()),
                self._first_token[place],
                self._answer[place],
                np.bincount(self._ranks[place], minlength=RANKS),
            )
            for key, place in self._places.items()
        }

    def total(self) -> Figures:
        """What all of them came to."""
        if not self._places:
            return Figures()
        return Figures(
            _named(self._numbers.sum(axis=0).tolist()),
            self._first_token.sum(axis=0),
            self._answer.sum(axis=0),
            np.bincount(self._ranks.max(axis=0), minlength=RANKS),
        )

    def packed(self) -> Iterator[tuple[Key, dict[str, bytes]]]:
        """What each came to, as `services.usage.day_shares` packs a share, and its ranks."""
        for key, place in self._places.items():
            ranks = self._ranks[place]
            met = np.flatnonzero(ranks)
            yield (
                key,
                {
                    "numbers": self._numbers[place].astype(NUMBER).tobytes(),
                    "first_token": _packed_spans(self._first_token[place]),
                    "answer": _packed_spans(self._answer[place]),
                    "visitors": (met << RANK_BITS | ranks[met]).astype(VISITOR).tobytes(),
                    "ranks": np.bincount(ranks, minlength=RANKS).astype(NUMBER).tobytes(),
                },
            )

    def _make_room(self) -> None:
        there, wanted = len(self._ranks), len(self._places)
        if wanted > there:
            more = max(wanted, 2 * there) - there
            self._numbers = _longer(self._numbers, more)
            self._first_token = _longer(self._first_token, more)
            self._answer = _longer(self._answer, more)
            self._ranks = _longer(self._ranks, more)


def figures_of_each(shares: Sequence[PackedShare]) -> list[Figures]:
    """What each share came to by itself: nothing is added, so no registers are laid out."""
    joined = b"".join(one["numbers"] for one in shares)
    numbers = np.frombuffer(joined, NUMBER).reshape(-1, len(SUMMED)).tolist()
    took = []
    for name in ("first_token", "answer"):
        spans = np.zeros((len(shares), SPANS), np.int64)
        _PackedSpans([one[name] for one in shares]).add_to(spans, np.arange(len(shares)))
        took.append(spans)
    return [
        Figures(_named(own), first_token, answer, _ranks_of(share))
        for own, first_token, answer, share in zip(numbers, *took, shares, strict=True)
    ]


class PackedShares:
    """Packed shares, laid end to end. Of spans and visitors: all entries, and how many of each."""

    def __init__(self, shares: Sequence[PackedShare]) -> None:
        joined = b"".join(one["numbers"] for one in shares)
        self.numbers = np.frombuffer(joined, NUMBER).reshape(-1, len(SUMMED))
        self.first_token = _PackedSpans([one["first_token"] for one in shares])
        self.answer = _PackedSpans([one["answer"] for one in shares])
        entries, self.registers_each = _laid_out([one["visitors"] for one in shares], VISITOR)
        self.registers = (entries >> RANK_BITS).astype(np.int64)
        self.ranks = (entries & _RANK_MASK).astype(np.uint8)


class _PackedSpans:
    """Spans and their counts, laid end to end."""

    def __init__(self, packed: Sequence[bytes]) -> None:
        entries, self._each = _laid_out(packed, SPAN)
        self._spans = entries["span"].astype(np.int64)
        self._counts = entries["count"].astype(np.int64)

    def add_to(self, sums: Spans, belongs: NDArray[np.int64]) -> None:
        """Add them to rows; `belongs` says to which one each share does."""
        places = np.repeat(belongs * SPANS, self._each) + self._spans
        np.add.at(sums.ravel(), places, self._counts)


def _laid_out(packed: Sequence[bytes], form: np.dtype[Any]) -> tuple[NDArray[Any], list[int]]:
    return np.frombuffer(b"".join(packed), form), [len(one) // form.itemsize for one in packed]


def _ranks_of(share: PackedShare) -> Spans:
    if "ranks" in share:
        return np.frombuffer(share["ranks"], NUMBER)
    entries = np.frombuffer(share["visitors"], VISITOR)
    return np.bincount(entries & _RANK_MASK, minlength=RANKS)


def _named(numbers: Sequence[int]) -> Counter[str]:
    return Counter(dict(zip(SUMMED, numbers, strict=True)))


def _packed_spans(sums: Spans) -> bytes:
    places = np.flatnonzero(sums)
    packed = np.zeros(len(places), SPAN)
    packed["span"], packed["count"] = places, sums[places]
    return packed.tobytes()


def _longer(sums: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate([sums, np.zeros((more, sums.shape[1]), sums.dtype)])
