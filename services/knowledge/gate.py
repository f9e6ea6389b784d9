"""Whether what was found is evidence enough to answer from, decided before any model is asked.

The score is the share of the question that the best passage holds, its rare words weighing more.
Where the thresholds come from: docs/decisions/0080-retrieval.md.
"""

from dataclasses import dataclass
from typing import Literal

Decision = Literal["answer", "show_closest", "refuse"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Two thresholds on a score: below the first is refused, from the second on answered."""

    refuse_below: float = 0.36
    answer_from: float = 0.5

    def decision(self, score: float) -> Decision:
        """What to do with a question whose best passage has this score."""
        if score < self.refuse_below:
            return "refuse"
        return "answer" if score >= self.answer_from else "show_closest"
