"""What a visitor is told when there is no (whole) answer, and what programs are."""

from datetime import datetime, timedelta

from documents.base import utc_now
from documents.errors import is_unavailable
from documents.messages import Failure
from services.answering.events import FailureCode
from services.answering.phrases import PhraseKey, phrase
from services.answering.question_refusals import SOON, LimitRefusalError
from services.llm.errors import (
    ModelAddressError,
    ModelBusyError,
    ModelError,
    ModelRejectedError,
    ModelSkippedError,
    ModelThrottledError,
    ModelUnavailableError,
)
from services.usage.reservations import LimitReachedError

REFUSED_CREDENTIALS = frozenset({401, 403, 404})
"""What providers answer to a bad key, a key without the right, and a model that does not exist."""


class AnswerImpossibleError(Exception):
    """The turn cannot even begin: its chatbot or question is gone.

    Attributes:
        code: which of them, for programs and for the sentence.
    """

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: FailureCode = code


class AnswerBlockedError(ModelError):
    """The model refused to say anything."""


def failure_of(error: BaseException | None, language: str) -> Failure:
    """The end of an answer whose turn ended in this error; None is a turn that was torn down."""
    if isinstance(error, AnswerImpossibleError):
        return failure(error.code, language, retryable=False)
    if isinstance(error, LimitReachedError):
        return _limit_reached(error, language)
    if isinstance(error, AnswerBlockedError):
        return failure("blocked", language, retryable=False)
    if error is not None and is_unavailable(error):
        return failure("interrupted", language)
    if _is_misconfigured(error):
        # Trying again helps nobody until somebody mends the configuration.
        text = phrase("chatbot_inactive", language)
        return Failure(code="provider_failed", text=text, retryable=False)
    told = failure("provider_failed", language)
    if isinstance(error, ModelBusyError):
        told.text = phrase("busy", language)
    told.retry_at = _retry_at(error)
    return told


def _retry_at(error: BaseException | None) -> datetime | None:
    """When a model may answer again, if somebody said so."""
    if isinstance(error, ModelSkippedError):
        return error.until
    if isinstance(error, ModelThrottledError) and error.retry_after_s is not None:
        return utc_now() + timedelta(seconds=error.retry_after_s)
    return utc_now() + SOON if isinstance(error, ModelBusyError) else None


def _limit_reached(error: LimitReachedError, language: str) -> Failure:
    refusal = LimitRefusalError(error)
    text = refusal.said(language)
    return Failure(code=refusal.code, text=text, retryable=False, retry_at=refusal.retry_at)


def _is_misconfigured(error: BaseException | None) -> bool:
    if isinstance(error, ModelRejectedError):
        return error.status in REFUSED_CREDENTIALS
    return isinstance(error, ModelAddressError | ModelUnavailableError)


def failure(code: FailureCode, language: str | None, *, retryable: bool = True) -> Failure:
    """A failure with its sentence."""
    return Failure(code=code, text=phrase(_SENTENCES[code], language), retryable=retryable)


_SENTENCES: dict[FailureCode, PhraseKey] = {
    "interrupted": "interrupted",
    "provider_failed": "provider_failed",
    "blocked": "blocked",
    "not_found": "not_found",
    "chatbot_inactive": "chatbot_inactive",
}
