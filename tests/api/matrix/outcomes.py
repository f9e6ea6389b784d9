"""What became of a call, as one word: what the matrix compares."""

from typing import Any

from graphql import GraphQLNonNull

from tests.api.matrix.documents import root_fields
from tests.graphql_clients import Json

ALLOWED = "allowed"
EMPTY = "an empty list"
NULL = "null"
UNAUTHENTICATED = "UNAUTHENTICATED"
FORBIDDEN = "FORBIDDEN"
NOT_FOUND = "NOT_FOUND"
"""In `errors[]`: how lists answer."""

NOT_FOUND_ERROR = "NotFoundError"
"""As data: how mutations answer."""

ENDED_NOT_FOUND = "AnswerFailed NOT_FOUND"
"""As the only event: how the streams of answers answer."""


def outcome_of(answer: Json, operation: str) -> str:
    """The outcome in the response to one operation."""
    if errors := answer.get("errors"):
        return " ".join(str(one.get("extensions", {}).get("code")) for one in errors)
    return _outcome_of_data(answer["data"][operation])


def _outcome_of_data(data: Any) -> str:
    if isinstance(data, dict) and "edges" in data:
        data = data["edges"]
    if isinstance(data, list):
        return _outcome_of_list(data)
    if data is None:
        return NULL
    if not isinstance(data, dict):
        return ALLOWED
    return _outcome_of_object(data)


def _outcome_of_list(items: list[Any]) -> str:
    if not items:
        return EMPTY
    return NULL if all(one is None for one in items) else ALLOWED


def _outcome_of_object(data: Json) -> str:
    kind, code = data.get("__typename", ""), data.get("code")
    if kind == NOT_FOUND_ERROR:
        return NOT_FOUND_ERROR
    return f"{kind} {code}" if code else ALLOWED


def nothing_there(operation: str) -> str:
    """How an operation of this kind says that there is nothing with an id, by the contract."""
    kind, field = root_fields()[operation]
    if kind == "mutation":
        return NOT_FOUND_ERROR
    if kind == "subscription":
        return ENDED_NOT_FOUND if str(field.type) == "AnswerEvent!" else NOT_FOUND
    if operation == "nodes" or not isinstance(field.type, GraphQLNonNull):
        return NULL
    return NOT_FOUND
