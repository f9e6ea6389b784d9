"""How long things took, in spans that grow by a twentieth each: sums of them can be added up.

Of an exact list a percentile would be exact, but lists grow with the traffic. A span is at most a
twentieth wide, so what is told of it, its middle, is off by 2.5 % at most.
"""

from math import floor, log, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Spans: TypeAlias = NDArray[np.int64]
"""A count for each span."""

GROWTH = 1.05
LONGEST_SPAN = 296
"""About half an hour; whatever takes longer is counted here."""

SPANS = LONGEST_SPAN + 1


def span_of(milliseconds: int) -> int:
    """The number of the span in which a duration lies."""
    if milliseconds < 1:
        return 0
    return min(LONGEST_SPAN, 1 + floor(log(milliseconds, GROWTH)))


def percentile(counts: Spans, share: float) -> int | None:
    """Below which duration in milliseconds this share of the counted ones lies; None of none."""
    sums = counts.cumsum()
    if not sums[-1]:
        return None
    span = int(sums.searchsorted(share * sums[-1]))
    return 0 if span == 0 else round(GROWTH ** (span - 1) * sqrt(GROWTH))
