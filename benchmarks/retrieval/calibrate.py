"""Fits the table that makes a probability of a gate's score: isotonic regression (PAVA).

    python -m benchmarks retrieval              # measures, and writes the rows
    python -m benchmarks.retrieval.calibrate    # or with the path of other rows

Rows are pairs of a score and whether the passages of that question held its answer; the benchmark
writes those of the tuning part of its questions. The printed knots go by hand into
`services/knowledge/confidence.py`, with a line about where they come from.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from benchmarks.retrieval.debian_pages import CACHE

ROWS = CACHE / "rows.json"
PRIOR = 2.0
"""Questions of each outcome that every block is taken to have: nothing is ever quite certain."""


class Knot(NamedTuple):
    """At this score, this probability; between two knots it is interpolated."""

    score: float
    probability: float


class _Block(NamedTuple):
    scores: tuple[float, ...]
    right: float

    @property
    def share(self) -> float:
        return self.right / len(self.scores)


def fitted(rows: Sequence[tuple[float, bool]], blocks: int = 12) -> list[Knot]:
    """The knots of a rising curve through the shares of right outcomes.

    Args:
        rows: A score and whether the evidence was enough.
        blocks: Into how many parts of equal size the rows are put first, against noise.
    """
    pooled: list[_Block] = []
    for block in _parts(rows, max(len(rows) // blocks, 1)):
        pooled.append(block)
        while len(pooled) > 1 and pooled[-2].share >= pooled[-1].share:
            last = pooled.pop()
            pooled[-1] = _together(pooled[-1], last)
    return [
        Knot(
            sum(block.scores) / len(block.scores),
            (block.right + PRIOR / 4) / (len(block.scores) + PRIOR),
        )
        for block in pooled
    ]


def _parts(rows: Sequence[tuple[float, bool]], size: int) -> Iterator[_Block]:
    """Blocks of at least so many rows; equal scores are never put apart."""
    part = _Block((), 0.0)
    for score, same in groupby(sorted(rows), key=lambda row: row[0]):
        outcomes = [right for _, right in same]
        part = _together(part, _Block((score,) * len(outcomes), sum(outcomes)))
        if len(part.scores) >= size:
            yield part
            part = _Block((), 0.0)
    if part.scores:
        yield part


def _together(one: _Block, other: _Block) -> _Block:
    return _Block(one.scores + other.scores, one.right + other.right)


def main() -> None:
    """Print the knots of a file of rows."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    if not path.is_file():
        sys.exit(f"{path} is not there: run `python -m benchmarks retrieval` first.")
    rows = [(float(score), bool(right)) for score, right in json.loads(path.read_text())]
    for knot in fitted(rows):
        print(f"({knot.score:.3f}, {knot.probability:.3f}),")


if __name__ == "__main__":
    main()
