"""What this process has delivered, for those who watch the server."""

from collections import Counter
from dataclasses import dataclass, field

from documents.integrations import IntegrationKindName

BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
"""Upper ends of the steps in which the times of attempts are counted, in seconds."""


@dataclass(slots=True)
class KindFigures:
    """Attempts of one kind of integration."""

    delivered: int = 0
    failed: int = 0
    seconds: float = 0.0
    within: Counter[float] = field(default_factory=Counter)


@dataclass(slots=True)
class DeliveryFigures:
    """Attempts by kind, and deliveries that were given up."""

    by_kind: dict[IntegrationKindName, KindFigures] = field(default_factory=dict)
    dead: int = 0

    def note(self, kind: IntegrationKindName, seconds: float, *, delivered: bool) -> None:
        """Count an attempt."""
        figures = self.by_kind.setdefault(kind, KindFigures())
        figures.delivered += delivered
        figures.failed += not delivered
        figures.seconds += seconds
        for bound in BOUNDS_S:
            figures.within[bound] += seconds <= bound
