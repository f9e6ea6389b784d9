"""From the services' refusals to the errors of the schema that say the same."""

from collections.abc import Sequence
from typing import Any

from graphql_schema.errors import (
    AlreadyExistsError,
    ConflictError,
    InputIssue,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    UserErrorCode,
    already_exists,
    invalid_input,
    limit_reached,
    not_found,
)
from graphql_schema.node import Node
from services.knowledge.errors import (
    ChatbotsNotFoundError,
    FieldName,
    KnowledgeError,
    KnowledgeInputError,
    LengthProblem,
    SourceNotFoundError,
    TooManyPassagesError,
    TooManySourcesError,
)
from services.refusals import (
    InvalidFieldsError,
    NameTakenError,
    StaleRevisionError,
    UnknownTargetError,
)

_KNOWLEDGE_FIELDS: dict[FieldName, str] = {
    "title": "title",
    "text": "text",
    "chatbot_ids": "chatbotIds",
}


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


def stale_revision(error: StaleRevisionError[Any], current: Node) -> ConflictError:
    """A change that somebody else's came before; `current` is what the thing is now."""
    return ConflictError(
        code=UserErrorCode.CONFLICT,
        message="Somebody else changed it meanwhile. Look at it again, then repeat your change.",
        path=["input", "revision"],
        current_revision=error.revision,
        current=current,
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
) -> InvalidInputError | NotFoundError | LimitReachedError:
    """Why a knowledge source is not accepted.

    Raises:
        KnowledgeError: the error itself, when it is none of a source that is added or deleted.
    """
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
            message = "The text is too much for so many chatbots at once. Split it."
            return limit_reached(error.limit, message, "input", "text")
        case _:
            raise error
