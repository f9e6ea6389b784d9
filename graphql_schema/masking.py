"""Faults do not reach the caller: they are logged under an incident id, and only the id is told.

What a caller may read passes as it is: syntax and validation errors, and errors made to be public.
"""

import secrets

import structlog
from graphql import GraphQLError
from strawberry.exceptions import StrawberryGraphQLError
from strawberry.extensions import MaskErrors

from documents.errors import is_unavailable
from graphql_schema.errors import PublicError

log = structlog.get_logger()


class ErrorMasking(MaskErrors):
    """Replaces faults by an incident id, and gives every other error a code."""

    def __init__(self) -> None:
        super().__init__(should_mask_error=_is_fault, error_message="Something went wrong.")

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        masked = super()._process_errors(errors)
        for error in masked:
            # What is left without a code is GraphQL's own: a document that is none, or not ours.
            error.extensions = {"code": "BAD_REQUEST", **(error.extensions or {})}
        return masked

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        """The public stand-in of a fault."""
        cause = error.original_error
        if cause is not None and is_unavailable(cause):
            log.warning("database_unavailable", path=error.path, problem=type(cause).__name__)
            return _stand_in(
                error,
                "The database cannot be reached at the moment. Try again in a few seconds.",
                {"code": "UNAVAILABLE", "retryable": True},
            )
        incident = secrets.token_hex(6)
        log.error("fault", incident=incident, path=error.path, exc_info=cause or error)
        return _stand_in(
            error,
            f"Something went wrong on our side. Tell support this number: {incident}.",
            {"code": "INTERNAL", "incident": incident},
        )


def _is_fault(error: GraphQLError) -> bool:
    cause = error.original_error
    if isinstance(error, PublicError) or isinstance(cause, PublicError):
        return False
    return cause is not None and not isinstance(cause, (GraphQLError, StrawberryGraphQLError))


def _stand_in(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
