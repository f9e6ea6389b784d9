"""What is said about a file, apart from the readers, so that the server need not load them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claims:
    """What is said about a file by whoever sent it; all of it may be wrong."""

    name: str = ""
    declared_type: str | None = None
    url: str | None = None

    @property
    def encoding(self) -> str | None:
        """The `charset` of the declared type."""
        _, _, encoding = (self.declared_type or "").lower().partition("charset=")
        return encoding.partition(";")[0].strip() or None
