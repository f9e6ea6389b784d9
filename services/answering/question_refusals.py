"""Why a question is not accepted: nothing was stored, and the visitor is told what to do."""

from datetime import date, datetime, timedelta
from typing import Literal

from documents.base import utc_now
from services.answering.phrases import PhraseKey, phrase
from services.answering.whole_characters import is_whole
from services.usage.reservations import LimitName, LimitReachedError

MAX_KEY_CHARACTERS = 200
SOON = timedelta(seconds=5)
"""When to ask again if all depends on when other answers end."""


RefusalCode = Literal[
    "idempotency_conflict",
    "invalid_input",
    "chatbot_inactive",
    "maintenance",
    "conversation_closed",
    "not_found",
    "rate_limited",
    "quota_exceeded",
    "budget_exceeded",
]


LIMIT_CODES: dict[LimitName, RefusalCode] = {
    "quota": "quota_exceeded",
    "budget": "budget_exceeded",
}


_SENTENCES: dict[RefusalCode, PhraseKey] = {
    "idempotency_conflict": "idempotency_conflict",
    "invalid_input": "invalid_input",
    "chatbot_inactive": "chatbot_inactive",
    "maintenance": "maintenance",
    "conversation_closed": "conversation_closed",
    "not_found": "not_found",
    "rate_limited": "rate_limited",
    # Whether it is a number or money that is used up is not the visitor's.
    "quota_exceeded": "limit_reached",
    "budget_exceeded": "limit_reached",
}


class QuestionRefusedError(Exception):
    """A question was not accepted; nothing was stored.

    Attributes:
        code: why, for programs.
        retry_at: when it may be accepted, if time heals it.
        sentence: why, for the visitor.
        day: the date that the sentence names, if it names one.
        text: what is said instead of the sentence, as somebody wrote it for visitors.
    """

    day: date | None = None
    text: str | None = None

    def __init__(
        self,
        code: RefusalCode,
        retry_at: datetime | None = None,
        sentence: PhraseKey | None = None,
    ) -> None:
        super().__init__(code)
        self.code: RefusalCode = code
        self.retry_at = retry_at
        self.sentence: PhraseKey = sentence or _SENTENCES[code]

    def said(self, language: str | None) -> str:
        """The sentence in the visitor's language."""
        return self.text or phrase(self.sentence, language, self.day)


class LimitRefusalError(QuestionRefusedError):
    """The client's quota or budget is used up until the month ends."""

    def __init__(self, reached: LimitReachedError) -> None:
        super().__init__(LIMIT_CODES[reached.limit], reached.resets_at)
        self.day = reached.resets_on


class MaintenanceError(QuestionRefusedError):
    """The chatbots of the client rest, and visitors read why."""

    def __init__(self, text: str) -> None:
        super().__init__("maintenance")
        self.text = text


class TooManyAtOnceError(QuestionRefusedError):
    """The visitor waits for as many answers already as one visitor may."""

    def __init__(self) -> None:
        super().__init__("rate_limited", utc_now() + SOON, "answers_running")


class WrongKeyError(QuestionRefusedError):
    """The idempotency key is none: a mistake of the program that asks, not of the visitor."""

    def __init__(self) -> None:
        super().__init__("invalid_input")


def check_key(key: str) -> None:
    """Refuse what cannot be an idempotency key.

    Raises:
        WrongKeyError: it is empty, too long, or has half a character in it.
    """
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not is_whole(key):
        raise WrongKeyError
