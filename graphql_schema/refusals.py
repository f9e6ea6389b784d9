"""From the services' refusals to the errors of the schema that say the same."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from documents.base import StoredDocument, utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.integrations import Integration
from documents.knowledge_sources import KnowledgeSource
from documents.llm_configs import LlmConfig
from documents.users import User
from graphql_schema.accounts.types import user_from
from graphql_schema.chatbots.types import chatbot_from
from graphql_schema.clients.types import client_from
from graphql_schema.errors import (
    AlreadyExistsError,
    ConflictError,
    InputIssue,
    InvalidInputError,
    NotFoundError,
    UserError,
    UserErrorCode,
    already_exists,
    invalid_input,
    limit_reached,
    not_found,
    rate_limited,
    refused,
)
from graphql_schema.errors import RateLimitedError as RateLimitedRefusal
from graphql_schema.errors import RefusedError as RefusedRefusal
from graphql_schema.integrations.types import integration_from
from graphql_schema.knowledge.types import source_from
from graphql_schema.llm_configs.types import llm_config_from
from graphql_schema.node import Node
from services.accounts.password_work import TooBusyError
from services.knowledge.errors import (
    ChatbotsNotFoundError,
    FieldName,
    KnowledgeError,
    KnowledgeInputError,
    LengthProblem,
    SameAddressError,
    SourceNotFoundError,
    SourceRevisionError,
    TooManyPassagesError,
    TooManySourcesError,
)
from services.rate_limits.rate_limits import RateLimitedError
from services.refusals import (
    InvalidFieldsError,
    NameTakenError,
    RefusedError,
    StaleRevisionError,
    UnknownTargetError,
)
from services.refusals import LimitReachedError as TooManyError
from services.uploads.pictures import WAITING, PicturesBusyError

_KNOWLEDGE_FIELDS: dict[FieldName, str] = {
    "title": "title",
    "text": "text",
    "chatbot_ids": "chatbotIds",
}

_NODES: Mapping[type[StoredDocument], Callable[[Any], Node]] = {
    Client: client_from,
    Chatbot: chatbot_from,
    LlmConfig: llm_config_from,
    User: user_from,
    KnowledgeSource: source_from,
    Integration: integration_from,
}
"""The public form of what a caller may find changed by somebody else."""


def invalid_fields(error: InvalidFieldsError) -> InvalidInputError:
    """Everything that is wrong with an input."""
    return invalid_input(
        [InputIssue(path=list(one.path), message=one.message) for one in error.issues]
    )


def name_taken(error: NameTakenError) -> AlreadyExistsError:
    """A unique value that is in use."""
    return already_exists(str(error), *error.path)


def unknown_target(error: UnknownTargetError) -> NotFoundError:
    """An id behind which there is nothing for this caller."""
    return not_found(*error.path)


def stale_revision(error: StaleRevisionError[Any]) -> ConflictError:
    """A change that somebody else's came before."""
    return ConflictError(
        code=UserErrorCode.CONFLICT,
        message="Somebody else changed it meanwhile. Look at it again, then repeat your change.",
        path=["input", "revision"],
        current_revision=error.revision,
        current=_NODES[type(error.current)](error.current),
    )


def length_issues(problems: Sequence[LengthProblem]) -> list[InputIssue]:
    """What is too short or too long about a knowledge source."""
    return [
        InputIssue(
            path=["input", _KNOWLEDGE_FIELDS[one.field]],
            message=f"needs between {one.least} and {one.most}"
            f" {'entries' if one.field == 'chatbot_ids' else 'characters'}",
        )
        for one in problems
    ]


def knowledge_refusal(
    error: KnowledgeError,
) -> UserError | None:
    """Why a knowledge source is not accepted."""
    match error:
        case KnowledgeInputError():
            return invalid_input(length_issues(error.problems))
        case ChatbotsNotFoundError():
            return not_found("input", "chatbotIds")
        case SourceNotFoundError():
            return not_found("input", "id")
        case TooManySourcesError():
            message = f"A chatbot may have {error.limit} knowledge sources. Delete one first."
            return limit_reached(error.limit, message, "input", "chatbotIds")
        case TooManyPassagesError():
            message = f"The text falls into more than {error.limit} passages. Split it."
            return limit_reached(error.limit, message, "input", "text")
        case _:
            return None


def same_address(error: SameAddressError) -> RefusedRefusal:
    """An address that one of the chatbots reads already."""
    message = f"The source “{error.title}” of one of the chatbots reads it already."
    return refused(UserErrorCode.ALREADY_EXISTS, message, "input", "url")


def stale_source(error: SourceRevisionError) -> ConflictError:
    """A change of a knowledge source that somebody else's came before."""
    return stale_revision(StaleRevisionError(error.current, error.current_revision))


def too_busy(error: TooBusyError) -> RateLimitedRefusal:
    """Too many passwords at once."""
    return rate_limited(
        "Too many people are signing in at the moment. Try again in a few seconds.",
        utc_now() + timedelta(seconds=error.seconds),
    )


_REFUSALS: tuple[tuple[type[Exception], Callable[[Any], UserError | None]], ...] = (
    (InvalidFieldsError, invalid_fields),
    (NameTakenError, name_taken),
    (UnknownTargetError, unknown_target),
    (StaleRevisionError, stale_revision),
    (TooManyError, lambda error: limit_reached(error.limit, str(error), *error.path)),
    (TooBusyError, too_busy),
    (RateLimitedError, lambda error: rate_limited("Too often. Try again later.", error.retry_at)),
    (PicturesBusyError, lambda error: limit_reached(WAITING, str(error))),
    (
        RefusedError,
        lambda error: refused(
            UserErrorCode(error.code), str(error), *error.path, retry_at=error.retry_at
        ),
    ),
    (SameAddressError, same_address),
    (SourceRevisionError, stale_source),
    (KnowledgeError, knowledge_refusal),
)


def refusal_of(error: Exception) -> UserError | None:
    """What the schema says to a refusal of the services; None for anything else."""
    return next((said(error) for kind, said in _REFUSALS if isinstance(error, kind)), None)
