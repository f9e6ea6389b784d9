"""The sums of a day, packed into bytes: so that a year of them is added up in milliseconds.

`numbers` are 64-bit integers in the order of `SUMMED`. Of how long things took there are a span and
a count for each span that occurred; of the visitors a register and its rank, in one number each.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

SUMMED: Final = (
    "requests",
    "answers",
    "successes",
    "failures",
    "fallbacks",
    "quota_used",
    "input_tokens",
    "output_tokens",
    "cost_micros",
    "conversations",
    "unanswered",
    "feedback_up",
    "feedback_down",
    "visits",
    "visit_ms",
    "visit_messages",
)
LAYOUT: Final = 2
"""Of what is packed. Days of another one are put together anew."""

NUMBER: Final = np.dtype("<i8")
SPAN: Final = np.dtype([("span", "<u2"), ("count", "<u4")])
VISITOR: Final = np.dtype("<u4")
RANK_BITS: Final = 8


class Share:
    """Takes the sums of hours, of one chatbot and model."""

    def __init__(self) -> None:
        self.llm_name: str | None = None
        self._numbers = [0] * len(SUMMED)
        self._first_token: dict[int, int] = {}
        self._answer: dict[int, int] = {}
        self._visitors: dict[int, int] = {}

    def add(self, hour: Mapping[str, Any]) -> None:
        """Add an hour as it is stored."""
        self.llm_name = hour.get("llm_name") or self.llm_name
        for place, name in enumerate(SUMMED):
            self._numbers[place] += hour.get(name, 0)
        _counted(self._first_token, hour.get("first_token_ms", {}))
        _counted(self._answer, hour.get("answer_ms", {}))
        for register, rank in hour.get("visitors", {}).items():
            known = int(register)
            self._visitors[known] = max(rank, self._visitors.get(known, 0))

    def packed(self, llm_config_id: object) -> dict[str, Any]:
        """As `documents.usage_days.DayShare` keeps it."""
        visitors = [register << RANK_BITS | rank for register, rank in self._visitors.items()]
        return {
            "llm_config_id": llm_config_id,
            "llm_name": self.llm_name,
            "numbers": np.array(self._numbers, NUMBER).tobytes(),
            "first_token": np.array([*self._first_token.items()], SPAN).tobytes(),
            "answer": np.array([*self._answer.items()], SPAN).tobytes(),
            "visitors": np.array(visitors, VISITOR).tobytes(),
        }


def _counted(counts: dict[int, int], more: Mapping[str, int]) -> None:
    for span, count in more.items():
        counts[int(span)] = counts.get(int(span), 0) + count
