"""What every kind of integration can do: hand events over and say how it went.

A new kind is one class with this interface, listed in `channels.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from documents.deliveries import Delivery
from documents.integrations import Integration
from services.integrations.outcomes import Outcome
from services.integrations.told import Told


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be handed over.

    Attributes:
        integration: To whom.
        target: The address with its secrets, opened.
        keys: The secrets that sign, opened, the newest first.
        events: One, or the several of a digest; at least one.
        at: When it is handed over.
        delivery: The first of the deliveries; None for a test.
    """

    integration: Integration
    target: Mapping[str, str | list[str]] = field(repr=False)
    events: Sequence[Told]
    at: datetime
    keys: Sequence[str] = field(default=(), repr=False)
    delivery: Delivery | None = None

    def text(self, name: str) -> str:
        """A part of the address that is one text."""
        value = self.target[name]
        if not isinstance(value, str):
            raise TypeError(f"{name} of a target is a text")
        return value


class Channel(Protocol):
    """Hands events over."""

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        ...

    async def send(self, parcel: Parcel) -> Outcome:
        """Hand events over. Never raises for what the receiver did."""
        ...
