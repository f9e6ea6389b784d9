"""Refusals that every domain shares: wrong fields, taken names, unknown things."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Changed = TypeVar("Changed")


@dataclass(frozen=True, slots=True)
class FieldIssue:
    """What is wrong with one field and what would be right; `path` in the words of the input."""

    path: tuple[str, ...]
    message: str


class InvalidFieldsError(ValueError):
    """An input cannot be accepted.

    Attributes:
        issues: everything that is wrong, at least one.
    """

    def __init__(self, issues: Sequence[FieldIssue]) -> None:
        super().__init__("; ".join(f"{'.'.join(one.path)}: {one.message}" for one in issues))
        self.issues = tuple(issues)


class NameTakenError(ValueError):
    """A unique value is in use already.

    Attributes:
        path: the field that holds it.
    """

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class LimitReachedError(RuntimeError):
    """There would be more of something than there may be.

    Attributes:
        limit: how many there may be.
        path: the field that asks for one more.
    """

    def __init__(self, limit: int, message: str, *path: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.path = path


class RefusedError(RuntimeError):
    """A business refusal that none of the others says.

    Attributes:
        code: for programs, one of the schema's `UserErrorCode`.
        path: the field it is about.
        retry_at: when it may work again, if time heals it.
    """

    def __init__(
        self, code: str, message: str, *path: str, retry_at: datetime | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        self.retry_at = retry_at


class ConfirmationMismatchError(RefusedError):
    """What was typed to confirm a deletion is not the name of what would be deleted."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__("CONFIRMATION_MISMATCH", message, *path)


class UnknownTargetError(LookupError):
    """There is no such thing in the caller's scope.

    Attributes:
        path: the field that named it.
    """

    def __init__(self, *path: str) -> None:
        super().__init__(".".join(path))
        self.path = path


class StaleRevisionError(RuntimeError, Generic[Changed]):
    """Somebody else changed the document since the caller read it.

    Attributes:
        current: the document as it is now.
        revision: its revision.
    """

    def __init__(self, current: Changed, revision: int) -> None:
        super().__init__(f"revision {revision}")
        self.current = current
        self.revision = revision
