"""Posting to receivers that clients name: through the guard, with an end, and nothing followed."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import httpx

from services.integrations.hiding import without_secrets
from services.integrations.outcomes import (
    MAX_REQUEST_EXCERPT,
    MAX_RESPONSE_EXCERPT,
    Outcome,
    excerpt,
)
from services.outgoing.bounded import BoundedAnswer, send_for_status
from services.outgoing.errors import OutgoingError, UnsafeAddressError
from services.outgoing.guard import GuardPolicy
from services.outgoing.guarded_client import guarded_http_client
from services.outgoing.resolving import Resolver

DEADLINE_S = 15.0
"""From resolving the receiver's name to the last byte of its answer, in seconds."""

MAX_ANSWER_BYTES = 64 * 1024
GONE = 410
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it.

    Attributes:
        problem: Why the receiver did not take it, for the client's people; None: it did.
        answer: What it answered, None when it did not.
        unsafe: The guard's word, when it was the guard that did not let the request out.
    """

    problem: str | None = None
    answer: BoundedAnswer | None = None
    unsafe: UnsafeAddressError | None = None


class HttpPosts:
    """Posts to receivers of all clients."""

    def __init__(
        self,
        allowed_addresses: Iterable[str] = (),
        resolver: Resolver | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`allowed_addresses` are private receivers that the operator lets clients name."""
        policy = GuardPolicy.public_only(allowed_addresses)
        self._client = guarded_http_client(policy, resolver=resolver)
        # One client serves all tenants: what one's receiver sets must not reach another's.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.deadline_s = deadline_s

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], secrets: Collection[str] = ()
    ) -> Outcome:
        """Post a body of JSON. Never raises for what a receiver did.

        Neither the parts of the address nor `secrets` stand in the excerpts, however they are cut.
        """
        hidden = [url, *secrets]
        asked = _excerpt(body, hidden, MAX_REQUEST_EXCERPT)
        exchange = await self.exchange(
            "POST", url, {"content-type": "application/json", **headers}, body
        )
        if exchange.answer is None:
            return Outcome(exchange.problem, request_excerpt=asked)
        return _outcome(exchange.answer, exchange.problem, asked, hidden)

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Exchange:
        """Make any request. Never raises for what a receiver did."""
        try:
            sent = [(name.encode("ascii"), _wire(one)) for name, one in headers.items()]
            request = self._client.build_request(method, url, content=body, headers=sent)
            answer = await send_for_status(
                self._client, request, max_bytes=MAX_ANSWER_BYTES, deadline_s=self.deadline_s
            )
        except UnsafeAddressError as error:
            return Exchange(f"The address may not be called: {error}.", unsafe=error)
        except OutgoingError as error:
            return Exchange(f"There was no whole answer: {error}.")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return Exchange(_network_problem(error))
        accepted = 200 <= answer.status < 300  # noqa: PLR2004 - RFC 9110, section 15.3
        return Exchange(None if accepted else _refusal(answer), answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _wire(value: str) -> bytes:
    """A header's value as it travels: RFC 9110, section 5.5, and what lies beyond it as UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _outcome(
    answer: BoundedAnswer, problem: str | None, asked: str, hidden: Collection[str]
) -> Outcome:
    return Outcome(
        problem=problem,
        http_status=answer.status,
        request_excerpt=asked,
        response_excerpt=_excerpt(answer.body, hidden, MAX_RESPONSE_EXCERPT),
        retry_after_s=retry_after(answer.headers.get("retry-after")) if problem else None,
        is_over=answer.status == GONE,
        body=answer.body,
    )


def _excerpt(body: bytes, hidden: Collection[str], most: int) -> str:
    return excerpt(without_secrets(body.decode(errors="replace"), hidden), most)


def _refusal(answer: BoundedAnswer) -> str:
    if 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110, section 15.4
        return f"It answered {answer.status}, a redirect; redirects are not followed."
    if answer.status == TOO_MANY:
        return "It answered 429: too often."
    if answer.status == GONE:
        return "It answered 410: it wants nothing any more."
    return f"It answered {answer.status}."


def _network_problem(error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return "It could not be connected to in time."
        case httpx.ConnectError():
            return "It cannot be connected to: the name, the port or the certificate is not right."
        case httpx.TimeoutException():
            return "It did not answer in time."
        case _:
            return f"The connection broke ({type(error).__name__})."


def retry_after(given: str | None) -> float | None:
    """The seconds of a Retry-After header (RFC 9110, section 10.2.3); None for none or nonsense."""
    if not given:
        return None
    if given.strip().isdecimal():
        return float(given.strip()[:9])
    try:
        # A time zone may be any number there, also one that no clock knows.
        moment = parsedate_to_datetime(given)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def told_seconds(given: object) -> float | None:
    """The seconds that a receiver names in JSON; None for what is no number of seconds."""
    if not isinstance(given, int | float) or isinstance(given, bool):
        return None
    try:
        seconds = float(given)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
