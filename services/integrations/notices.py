"""An event in words, for people: a title, and what belongs to it under short names.

Each channel escapes and cuts the words in its own way; here they are as they were said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from documents.outbox_entries import OutboxKind
from services.integrations.told import Told

SHORT = 700
"""Characters of a question or an answer in a notice."""

MILLION = 1_000_000
MOST_IN_ONE = 20
"""Events that a digest shows; of further ones it says how many there are."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that belongs to a notice, and what it is."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What people read."""

    title: str
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What goes out at once: one notice, or the several of a digest.

    Attributes:
        subject: What it is about, on one line.
        unshown: How many notices it does not show.
    """

    subject: str
    notices: Sequence[Notice]
    unshown: int = 0


def bulletin_of(events: Sequence[Told]) -> Bulletin:
    """One or several events of one client."""
    notices = [notice_of(one) for one in islice(events, MOST_IN_ONE)]
    client = events[0].client.name
    if len(events) == 1:
        return Bulletin(f"{notices[0].title} · {client}", notices)
    return Bulletin(f"{len(events)} events · {client}", notices, len(events) - len(notices))


def notice_of(told: Told) -> Notice:
    """An event in words."""
    title = TITLES[told.kind]
    if told.is_test:
        return Notice(
            f"Test: {title}",
            [*_facts(told), Part("Note", "This is only a test; nothing has happened.")],
        )
    return Notice(title, list(_parts(told)))


TITLES: Mapping[OutboxKind, str] = {
    "conversation.started": "A conversation has begun",
    "message.created": "A question was answered",
    "answer.failed": "An answer failed",
    "answer.unanswered": "The knowledge holds no answer",
    "feedback.negative": "A visitor did not like an answer",
    "quota.threshold": "The quota of the month is being used up",
    "budget.threshold": "The budget of the month is being used up",
    "llm.circuit_opened": "A language model fails and is left alone",
    "knowledge.sync_failed": "A knowledge source could not be read",
    "hook.disabled": "A hook was taken out of use",
    "handoff.requested": "A visitor waits for a person",
    "report.ready": "A report is ready",
    "usage.daily": "The numbers of the day",
    "usage.weekly": "The numbers of the week",
    "system.status": "The service",
    "server.errors": "Errors pile up",
    "auth.suspicious": "Sign-ins look suspicious",
    "service.recovered": "The service is back",
}


def _parts(told: Told) -> Iterator[Part]:
    if told.chatbot is not None:
        yield Part("Chatbot", told.chatbot.draft.name)
    if told.question is not None:
        yield Part("Question", shortened(told.question.content, SHORT))
    if told.answer is not None and told.answer.content:
        yield Part("Answer", shortened(told.answer.content, SHORT))
    if told.kind == "feedback.negative" and told.answer and told.answer.feedback:
        comment = told.answer.feedback.comment
        if comment:
            yield Part("Comment", shortened(comment, SHORT))
    yield from _facts(told)


def _facts(told: Told) -> list[Part]:
    said = _SAID.get(told.kind)
    return [said(told.facts)] if said and told.facts else []


def _quota(facts: Mapping[str, int | str]) -> Part:
    text = f"{facts.get('used')} of {facts.get('limit')} questions ({facts.get('share')} %)"
    return Part("Used", f"{text}, {facts.get('month')}")


def _budget(facts: Mapping[str, int | str]) -> Part:
    used, limit = (int(facts.get(one, 0)) / MILLION for one in ("used", "limit"))
    share, month = facts.get("share"), facts.get("month")
    return Part("Used", f"{used:.2f} of {limit:.2f} ({share} %), {month}")


def _model(facts: Mapping[str, int | str]) -> Part:
    return Part("Model", f"{facts.get('llm')}, tried again at {facts.get('retry_at')}")


def _status(facts: Mapping[str, int | str]) -> Part:
    if facts.get("status") == "offline":
        return Part("Status", f"was offline from {facts.get('since')} to {facts.get('until')}")
    return Part("Status", str(facts.get("text") or facts.get("status")))


def _errors(facts: Mapping[str, int | str]) -> Part:
    text = f"{facts.get('count')} within {facts.get('minutes')} minutes, the last: "
    return Part("Errors", text + " ".join(str(facts[one]) for one in _LAST if one in facts))


def _suspicion(facts: Mapping[str, int | str]) -> Part:
    what = _SUSPICIONS.get(str(facts.get("reason")), "")
    return Part("Reason", f"{facts.get('count')} within {facts.get('minutes')} minutes: {what}")


def _recovery(facts: Mapping[str, int | str]) -> Part:
    text = f"{facts.get('seconds')} seconds, from {facts.get('since')} to {facts.get('until')}"
    return Part("Offline", text)


def _sync(facts: Mapping[str, int | str]) -> Part:
    return Part("Pages that failed", str(facts.get("problems")))


def _report(facts: Mapping[str, int | str]) -> Part:
    return Part("Period", f"{facts.get('from')} to {facts.get('until')}")


def _numbers(facts: Mapping[str, int | str]) -> Part:
    """The last day and not the one after it, as people say a period."""
    last = date.fromisoformat(str(facts.get("until"))) - timedelta(days=1)
    days = f"{facts.get('since')}" + ("" if str(last) == facts.get("since") else f" to {last}")
    said = [f"{facts.get(name)} {word}" for name, word in _NUMBERS.items()]
    took = facts.get("answer_p50_ms")
    median = [] if took is None else [f"half of the answers within {int(took) / 1000:.1f} s"]
    return Part(days, ", ".join([*said, *median]))


def _code(facts: Mapping[str, int | str]) -> Part:
    return Part("Reason", str(facts.get("code") or facts.get("reason") or "unknown"))


_LAST = ("event", "incident")
_NUMBERS: Mapping[str, str] = {
    "requests": "questions",
    "successes": "answers",
    "failures": "failures",
    "unanswered": "without knowledge",
    "conversations": "conversations",
    "unique_visitors": "visitors",
    "feedback_up": "ratings up",
    "feedback_down": "ratings down",
}
_SUSPICIONS: Mapping[str, str] = {
    "failed_sign_in": "sign-ins failed",
    "throttled": "attempts were refused because there were too many",
    "reused_token": "a spent refresh token was used again; its session was ended",
}

_SAID: Mapping[OutboxKind, Callable[[Mapping[str, int | str]], Part]] = {
    "quota.threshold": _quota,
    "budget.threshold": _budget,
    "llm.circuit_opened": _model,
    "system.status": _status,
    "answer.failed": _code,
    "hook.disabled": _code,
    "handoff.requested": _code,
    "knowledge.sync_failed": _sync,
    "report.ready": _report,
    "usage.daily": _numbers,
    "usage.weekly": _numbers,
    "server.errors": _errors,
    "auth.suspicious": _suspicion,
    "service.recovered": _recovery,
}


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; what was cut is marked."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
