"""Notices to the hundred services that Apprise knows, by an address as Apprise writes it.

Apprise itself runs in a process that can reach nothing (`apprise_program/`); each of its requests
is made here, through the guard, and nothing is followed. What looks like a call of everybody in a
room is broken up, since the services each have their own way to be called.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from documents.outbox_entries import OutboxKind
from services.integrations.apprise_program.program import (
    Answered,
    AppriseProgram,
    Asked,
    Ending,
    Letter,
    NoProgramError,
    Weight,
)
from services.integrations.channels.channel import Parcel
from services.integrations.hiding import secrets_in_service, without_secrets
from services.integrations.http_posts import GONE, Exchange, HttpPosts, retry_after
from services.integrations.notices import Bulletin, bulletin_of, shortened
from services.integrations.outcomes import (
    MAX_REQUEST_EXCERPT,
    MAX_RESPONSE_EXCERPT,
    Outcome,
    excerpt,
)

LONGEST_S = 30.0
"""For all requests of one attempt, in seconds."""

LONGEST_LOOK_S = 8.0
"""For finding out what an address stands for, in seconds."""

MAX_MESSAGE = 12_000
"""Characters; services cut what is too long for them."""

MOST_REQUESTS = 20
"""Of one attempt: some services want a sign-in first, or a request for each receiver."""

UNUSABLE: Mapping[str, str] = {
    "unknown": "begins with no service that Apprise knows; its documentation lists them.",
    "not_by_http": "is of a service that is not reached over HTTPS. For mails there are `emails`.",
    "incomplete": "is not complete: Apprise's documentation says what this service needs.",
}

_ORDINARY: frozenset[OutboxKind] = frozenset(
    {"conversation.started", "message.created", "report.ready"}
)
_NOT_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
)
_NOT_TOLD = frozenset(
    {"location", "content-length", "content-encoding", "transfer-encoding", "connection"}
)
"""No redirect is followed, and bodies are cut and never packed."""

_CALL = re.compile(
    r"@(?=everyone\b|here\b|channel\b|all\b|room\b|team\b)|<(?=[!@#&])", re.IGNORECASE
)
_BREAK = "\u2060"
"""A word joiner: it shows nothing, and the words around it stay what they are."""

_GIVEN_SECRET = re.compile(
    r'("[^"]{0,40}(?:token|secret|password|session|key)[^"]{0,40}"\s*:\s*)"[^"]*"?', re.IGNORECASE
)


class UnusableServiceError(Exception):
    """An address stands for no service that can be told; the text says why."""


@dataclass(frozen=True, slots=True)
class KnownService:
    """What an address stands for.

    Attributes:
        name: As Apprise calls it.
        first_url: Where the first request would go.
    """

    name: str
    first_url: str = field(repr=False)


class AppriseNotices:
    """Tells services by way of Apprise."""

    def __init__(self, posts: HttpPosts, program: AppriseProgram) -> None:
        self._posts = posts
        self._program = program

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        return LONGEST_S

    async def send(self, parcel: Parcel) -> Outcome:
        """Tell one service."""
        url, bulletin = parcel.text("apprise_url"), bulletin_of(parcel.events)
        weight: Weight = "info" if {one.kind for one in parcel.events} <= _ORDINARY else "warning"
        letter = Letter(url, _uncalled(bulletin.subject), apprise_text(bulletin), weight)
        clerk = _Clerk(self._posts)
        try:
            async with asyncio.timeout(LONGEST_S):
                ending = await self._program.do(letter, clerk.ask)
        except TimeoutError:
            problem: str | None = "It did not come to an end in time."
        except NoProgramError:
            problem = "The program that speaks to such services ended; there will be another."
        else:
            problem = _problem(ending, clerk.exchanges)
        return _outcome(problem, letter, clerk.exchanges)

    async def look(self, url: str) -> KnownService:
        """What an address stands for. Nothing is sent.

        Raises:
            UnusableServiceError: no service, or none that can be told.
            NoProgramError: it cannot be found out now.
        """
        asked: list[str] = []
        ending = Ending(service="A service")

        async def note(request: Asked) -> Answered:
            if not asked:
                asked.append(request.url)
            return Answered()

        try:
            async with asyncio.timeout(LONGEST_LOOK_S):
                ending = await self._program.do(Letter(url, "A title", "A text"), note)
        except TimeoutError as error:
            if not asked:
                raise NoProgramError("it takes too long") from error
        if ending.unusable or not asked:
            raise UnusableServiceError(UNUSABLE[ending.unusable or "incomplete"])
        return KnownService(shortened(ending.service, 60), asked[0])

    async def close(self) -> None:
        """End the program."""
        await self._program.close()


class _Clerk:
    """Makes the requests of one attempt."""

    def __init__(self, posts: HttpPosts) -> None:
        self._posts = posts
        self.exchanges: list[Exchange] = []

    async def ask(self, asked: Asked) -> Answered:
        if len(self.exchanges) >= MOST_REQUESTS:
            self.exchanges.append(Exchange("It took too many requests."))
            return Answered()
        kept = {name: one for name, one in asked.headers.items() if name.lower() not in _NOT_OURS}
        headers = {**kept, "accept-encoding": "identity"}
        exchange = await self._posts.exchange(asked.method, asked.url, headers, asked.body)
        self.exchanges.append(exchange)
        if (answer := exchange.answer) is None:
            return Answered()
        told = {name: one for name, one in answer.headers.items() if name not in _NOT_TOLD}
        return Answered(answer.status, told, answer.body)


def apprise_text(bulletin: Bulletin) -> str:
    """The text, plain; it begins with what the title does not say."""
    blocks = []
    for notice in bulletin.notices:
        titles = [notice.title] if len(bulletin.notices) > 1 else []
        blocks.append("\n".join([*titles, *(f"{one.name}: {one.text}" for one in notice.parts)]))
    if bulletin.unshown:
        blocks.append(f"… and {bulletin.unshown} more")
    text = "\n\n".join(filter(None, blocks)) or bulletin.notices[0].title
    return shortened(_uncalled(text), MAX_MESSAGE)


def _uncalled(text: str) -> str:
    return _CALL.sub(lambda found: found[0] + _BREAK, text)


def _problem(ending: Ending, exchanges: list[Exchange]) -> str | None:
    if ending.unusable:
        return f"The address {UNUSABLE[ending.unusable]}"
    if ending.delivered and any(one.problem is None for one in exchanges):
        return None
    told = [one.problem for one in exchanges if one.problem]
    return told[-1] if told else "The service's answer is not one that says that it has it."


def _outcome(problem: str | None, letter: Letter, exchanges: list[Exchange]) -> Outcome:
    hidden = secrets_in_service(letter.url)
    answer = exchanges[-1].answer if exchanges else None
    said = without_secrets(f"{letter.title}\n{letter.body}", hidden)
    outcome = Outcome(problem, request_excerpt=excerpt(said, MAX_REQUEST_EXCERPT))
    if answer is None:
        return outcome
    answered = without_secrets(answer.body.decode(errors="replace"), hidden)
    answered = _GIVEN_SECRET.sub(r'\1"(secret)"', answered)
    return Outcome(
        problem,
        http_status=answer.status,
        request_excerpt=outcome.request_excerpt,
        response_excerpt=excerpt(answered, MAX_RESPONSE_EXCERPT),
        retry_after_s=retry_after(answer.headers.get("retry-after")) if problem else None,
        is_over=answer.status == GONE and problem is not None,
    )
