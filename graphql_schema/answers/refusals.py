"""A refusal as an event: the only one of its stream, or the last."""

from datetime import datetime

from graphql_schema.answers.asking import NoAskerError
from graphql_schema.answers.types import AnswerFailed, AnswerFailureCode
from services.answering.question_refusals import QuestionRefusedError, RefusalCode


def refusal_event(
    seq: int,
    code: RefusalCode,
    language: str | None = None,
    *,
    text: str | None = None,
    retry_at: datetime | None = None,
) -> AnswerFailed:
    """The end of a stream in which nothing is answered.

    Args:
        seq: The event's number.
        code: Why, for programs and for the sentence.
        language: The visitor's; English when it is not known.
        text: What to say instead of the code's own sentence.
        retry_at: When asking again may help.
    """
    return AnswerFailed(
        seq=seq,
        code=AnswerFailureCode(code),
        text=text or QuestionRefusedError(code).said(language),
        retryable=code == "rate_limited",
        retry_at=retry_at,
    )


def refusal_of(error: QuestionRefusedError | NoAskerError, language: str | None) -> AnswerFailed:
    """The one event of a question that was not accepted."""
    if isinstance(error, NoAskerError):
        return refusal_event(1, "invalid_input", text=f"{error.field} {error}")
    return refusal_event(1, error.code, text=error.said(language), retry_at=error.retry_at)
