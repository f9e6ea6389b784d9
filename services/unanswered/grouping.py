"""Putting questions together that ask for the same thing.

The two groups that are most alike become one, again and again, as long as any two are alike enough
(agglomerative clustering with average linkage): no number of groups has to be guessed, and a
question in the middle between two groups does not pull them together.
"""

from collections.abc import Sequence

import numpy as np

from services.unanswered.likeness import Likeness

LEAST_LIKENESS = 0.22
"""Of two groups that ask for the same. Fitted to tests/unit/unanswered/tuning.json."""


def grouped(likeness: Likeness, least: float = LEAST_LIKENESS) -> list[list[int]]:
    """The questions by groups, as places in the order in which they were given."""
    groups = [[place] for place in range(len(likeness))]
    if not groups:
        return []
    alike = likeness.copy()
    np.fill_diagonal(alike, -1.0)
    while True:
        one, other = (int(place) for place in np.unravel_index(np.argmax(alike), alike.shape))
        if alike[one, other] < least:
            return [group for group in groups if group]
        _join(alike, groups, one, other)


def _join(alike: Likeness, groups: Sequence[list[int]], one: int, other: int) -> None:
    """Let one group take over another; what it is like is their average by size."""
    sizes = len(groups[one]), len(groups[other])
    average = (sizes[0] * alike[one] + sizes[1] * alike[other]) / sum(sizes)
    alike[one], alike[:, one] = average, average
    alike[other], alike[:, other] = -1.0, -1.0
    alike[one, one] = -1.0
    groups[one].extend(groups[other])
    groups[other].clear()
