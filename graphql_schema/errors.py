"""Errors as the schema knows them: refusals are data, authorisation and faults are `errors[]`.

- `UserError` (interface): what a person can put right; part of each mutation's union
- `AuthorizationError`: UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_REVOKED, FORBIDDEN
- `NotFoundInListError`: NOT_FOUND on a list field
- anything else is a fault: masked, and logged under an incident id
"""

from datetime import datetime
from enum import Enum
from typing import Literal

import strawberry
from graphql import GraphQLError

from graphql_schema.enum_values import described
from graphql_schema.node import Node

AuthorizationCode = Literal["UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_REVOKED", "FORBIDDEN"]

_AUTHORIZATION_TEXTS: dict[AuthorizationCode, str] = {
    "UNAUTHENTICATED": "Sign in first: send `Authorization: Bearer <token>`.",
    "TOKEN_EXPIRED": "The token has expired; refresh it and try again.",
    "TOKEN_REVOKED": "The token was revoked; sign in again.",
    "FORBIDDEN": "You may not do this.",
}


class PublicError(GraphQLError):
    """An error whose text may reach the caller as it is."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, extensions={"code": code})


class AuthorizationError(PublicError):
    """The caller may not have this. Never masked, never an incident."""

    def __init__(self, code: AuthorizationCode) -> None:
        super().__init__(_AUTHORIZATION_TEXTS[code], code)
        self.code: AuthorizationCode = code


class NotFoundInListError(PublicError):
    """A list was asked for of something that does not exist (for this caller)."""

    def __init__(self) -> None:
        super().__init__("There is nothing with this id.", "NOT_FOUND")


class BadArgumentError(PublicError):
    """An argument of a query is out of its range."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "INVALID_INPUT")


@strawberry.enum(description="What went wrong, for programs.")
class UserErrorCode(Enum):
    """Codes of refusals."""

    INVALID_INPUT = described(
        "INVALID_INPUT", "A value is not one that is allowed; `issues` lists all of them."
    )
    NOT_FOUND = described("NOT_FOUND", "There is nothing with this id for the caller.")
    ALREADY_EXISTS = described("ALREADY_EXISTS", "Something else has this unique value.")
    CONFLICT = described(
        "CONFLICT", "It was changed since the `revision` that the change was made from."
    )
    CONFIRMATION_MISMATCH = described(
        "CONFIRMATION_MISMATCH", "The name typed to confirm a deletion is another one."
    )
    LIMIT_REACHED = described("LIMIT_REACHED", "There may be no more of these.")
    RATE_LIMITED = described(
        "RATE_LIMITED", "Too often in a short time; `retryAt` says when to go on."
    )
    INVALID_CREDENTIALS = described(
        "INVALID_CREDENTIALS", "The e-mail address or the password is wrong."
    )
    INVALID_TOKEN = described("INVALID_TOKEN", "The token or code is unknown, used up or expired.")
    IDENTITY_REJECTED = described(
        "IDENTITY_REJECTED", "The visitor's signed identity is not accepted."
    )
    ORIGIN_NOT_ALLOWED = described(
        "ORIGIN_NOT_ALLOWED", "The chatbot does not allow the page on which the widget stands."
    )
    CHATBOT_INACTIVE = described("CHATBOT_INACTIVE", "The chatbot is switched off.")
    CLIENT_INACTIVE = described("CLIENT_INACTIVE", "The client is switched off.")
    QUOTA_EXCEEDED = described(
        "QUOTA_EXCEEDED", "The client's questions of this month are used up."
    )
    BUDGET_EXCEEDED = described("BUDGET_EXCEEDED", "The client's money of this month is used up.")
    MAINTENANCE = described("MAINTENANCE", "Answers are paused for maintenance.")
    IDEMPOTENCY_CONFLICT = described(
        "IDEMPOTENCY_CONFLICT", "This `idempotencyKey` was used for something else."
    )
    NOT_TESTED = described("NOT_TESTED", "It must pass a test first.")
    SANDBOX_UNAVAILABLE = described(
        "SANDBOX_UNAVAILABLE", "This server cannot look at the code now; nothing was decided on it."
    )
    UNSAFE_ADDRESS = described(
        "UNSAFE_ADDRESS", "The address is not a public one that may be called."
    )
    UPSTREAM_FAILED = described(
        "UPSTREAM_FAILED", "Another company's service failed or did not answer in time."
    )


_CODE = "The same for the same reason, whatever the language of the message."
_MESSAGE = "A sentence for people that says what to do."
_PATH = 'Where in the arguments, such as ["input", "name"]; empty when it is not one field.'


@strawberry.interface(description="A refusal that the caller can do something about.")
class UserError:
    """What all refusals have."""

    code: UserErrorCode = strawberry.field(description=_CODE)
    message: str = strawberry.field(description=_MESSAGE)
    path: list[str] = strawberry.field(description=_PATH, default_factory=list)


@strawberry.type(description="One thing that is wrong with the input.")
class InputIssue:
    """One wrong field."""

    path: list[str] = strawberry.field(description=_PATH)
    message: str = strawberry.field(description="What would be right.")


@strawberry.type(description="The input is wrong; all that is wrong with it at once.")
class InvalidInputError(UserError):
    """Wrong input."""

    issues: list[InputIssue] = strawberry.field(
        description="Every problem that was found.", default_factory=list
    )


@strawberry.type(description="There is nothing with this id (for this caller).")
class NotFoundError(UserError):
    """An unknown or foreign id."""


@strawberry.type(description="Something with this name, slug or address exists already.")
class AlreadyExistsError(UserError):
    """A unique value is taken."""


@strawberry.type(description="Somebody else changed it since `revision`; nothing was written.")
class ConflictError(UserError):
    """A change of something that is not what the caller read any more."""

    current_revision: int = strawberry.field(description="Its revision now.")
    current: Node = strawberry.field(description="What it is now.")


@strawberry.type(description="There may be no more of these.")
class LimitReachedError(UserError):
    """A limit on numbers."""

    limit: int = strawberry.field(description="How many there may be.", default=0)


@strawberry.type(description="Too often; try again later.")
class RateLimitedError(UserError):
    """A limit on frequency."""

    retry_at: datetime | None = strawberry.field(
        description="When it may work again.", default=None
    )


@strawberry.type(description="Any other refusal; the code tells which.")
class RefusedError(UserError):
    """Every other business refusal."""

    retry_at: datetime | None = strawberry.field(
        description="When it may work again, if time heals it.", default=None
    )


def not_found(*path: str) -> NotFoundError:
    """The refusal of an unknown id at a path of the arguments."""
    return NotFoundError(
        code=UserErrorCode.NOT_FOUND, message="There is nothing with this id.", path=list(path)
    )


def invalid_input(issues: list[InputIssue]) -> InvalidInputError:
    """The refusal of wrong input; at least one issue."""
    return InvalidInputError(
        code=UserErrorCode.INVALID_INPUT,
        message=issues[0].message if len(issues) == 1 else f"{len(issues)} fields are not right.",
        path=issues[0].path if len(issues) == 1 else [],
        issues=issues,
    )


def already_exists(message: str, *path: str) -> AlreadyExistsError:
    """The refusal of a unique value that is in use."""
    return AlreadyExistsError(code=UserErrorCode.ALREADY_EXISTS, message=message, path=list(path))


def limit_reached(limit: int, message: str, *path: str) -> LimitReachedError:
    """The refusal of one more than there may be."""
    return LimitReachedError(
        code=UserErrorCode.LIMIT_REACHED, message=message, path=list(path), limit=limit
    )


def rate_limited(message: str, retry_at: datetime | None, *path: str) -> RateLimitedError:
    """The refusal of what comes too often."""
    return RateLimitedError(
        code=UserErrorCode.RATE_LIMITED, message=message, path=list(path), retry_at=retry_at
    )


def refused(
    code: UserErrorCode, message: str, *path: str, retry_at: datetime | None = None
) -> RefusedError:
    """A business refusal."""
    return RefusedError(code=code, message=message, path=list(path), retry_at=retry_at)
