"""Who takes a message away, and what may come of it: refused for good, or not taken now."""

from email.message import EmailMessage
from typing import Protocol


class CarryingError(Exception):
    """A message was not taken. The text says why, for the operator; no secret is in it."""


class MailRefusedError(CarryingError):
    """It will not be taken later either."""


class MailDeferredError(CarryingError):
    """It may be taken later."""


class Carrier(Protocol):
    """Takes messages away."""

    @property
    def longest_s(self) -> float:
        """How long one message may take, in seconds."""
        ...

    async def carry(self, message: EmailMessage) -> None:
        """Take a message away.

        Raises:
            MailRefusedError: it will never be taken.
            MailDeferredError: it was not taken now.
        """
        ...
