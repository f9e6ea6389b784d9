"""The geometry of a bar chart, which the page draws. The table beside it holds the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

WIDTH, HEIGHT = 720, 200
GAP = 0.25
"""Of a bar's place, that stays free."""

LABELS = 8
"""Days that are named below the chart, each below the middle of its bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str
    is_labelled: bool

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; without bars there is nothing to draw."""

    bars: Sequence[Bar]
    lines: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT


def bar_chart(values: Sequence[tuple[str, int, str]]) -> Chart:
    """A chart of labels with their values, each also as it is written."""
    most = _round_above(max((value for _, value, _ in values), default=0))
    if not most:
        return Chart([], [])
    place = WIDTH / len(values)
    every = ceil(len(values) / LABELS)
    bars = [
        Bar(
            x=round(number * place + place * GAP / 2, 2),
            y=round(HEIGHT - HEIGHT * value / most, 2),
            width=round(place * (1 - GAP), 2),
            height=round(HEIGHT * value / most, 2),
            label=label,
            value=written,
            is_labelled=number % every == 0,
        )
        for number, (label, value, written) in enumerate(values)
    ]
    return Chart(bars, [Line(HEIGHT - HEIGHT * part / 2, most * part // 2) for part in (0, 1, 2)])


def _round_above(value: int) -> int:
    """A number with one or two digits and zeros that is even and no less."""
    if value <= 0:
        return 0
    step = max(1, 10 ** (int(log10(value)) - 0)) // 2 or 1
    rounded = ceil(value / step) * step
    return rounded + rounded % 2
