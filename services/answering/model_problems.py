"""Why a model did not answer, for the person who configures it and can put it right.

A visitor gets none of this (`failures.py`). What a provider said comes along, freed of keys.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from documents.base import utc_now
from documents.llm_configs import LlmConfig
from services.llm.errors import (
    ModelAddressError,
    ModelError,
    ModelProtocolError,
    ModelRejectedError,
    ModelServerError,
    ModelStage,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    ModelUnreachableError,
)
from services.refusals import RefusedError

_TOO_LATE: dict[ModelStage, str] = {
    "connect": "No connection stood in time (connectTimeoutMs).",
    "first_token": "Nothing of an answer came in time (firstTokenTimeoutMs).",
    "between_tokens": "The answer began and then stopped coming (betweenTokensTimeoutMs).",
    "total": "The answer was not complete in time (totalTimeoutMs; a test takes 25 s at most).",
}
_KEY_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class ModelTestFailedError(RefusedError):
    """A test call brought no answer."""


def problem_said(error: ModelError, config: LlmConfig) -> ModelTestFailedError:
    """What went wrong and what to do about it."""
    code = "UNSAFE_ADDRESS" if isinstance(error, ModelAddressError) else "UPSTREAM_FAILED"
    advice = next((say(error, config) for kind, say in _ADVICE if isinstance(error, kind)), "")
    path = () if code == "UPSTREAM_FAILED" else ("input", "id")
    retry_at = None
    if isinstance(error, ModelThrottledError) and error.retry_after_s is not None:
        retry_at = utc_now() + timedelta(seconds=error.retry_after_s)
    message = f"{advice} ({error.problem})" if advice else error.problem
    return ModelTestFailedError(code, message, *path, retry_at=retry_at)


def _rejected(error: ModelRejectedError, config: LlmConfig) -> str:
    if error.status in _KEY_REFUSED:
        return "The provider refuses the key. Enter one that is valid and may use this model."
    if error.status == HTTPStatus.NOT_FOUND:
        return f"The provider does not know the model {config.model!r}, or the address is another."
    return "The provider refuses the request. Look at the model's name and maxTokens."


_ADVICE: tuple[tuple[type[ModelError], Callable[[Any, LlmConfig], str]], ...] = (
    (ModelRejectedError, _rejected),
    (ModelThrottledError, lambda *_: "The provider takes no more calls for now, or has no credit."),
    (ModelServerError, lambda *_: "The provider itself failed. Try again later."),
    (ModelTimeoutError, lambda error, _: _TOO_LATE[error.stage]),
    (ModelUnreachableError, lambda *_: "Nobody answers at the address."),
    (ModelAddressError, lambda *_: "The address may not be called."),
    (ModelProtocolError, lambda *_: "What came is not what this provider sends. Look at apiUrl."),
    (ModelUnavailableError, lambda *_: "This server cannot use the configuration."),
)
