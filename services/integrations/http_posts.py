"""Posting to receivers that clients name: through the guard, with an end, and nothing followed."""

import math
from collections.abc import Collection, Iterable, Mapping
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
        try:
            answer = await self._answer(url, body, headers)
        except UnsafeAddressError as error:
            return Outcome(f"The address may not be called: {error}.", request_excerpt=asked)
        except OutgoingError as error:
            return Outcome(f"There was no whole answer: {error}.", request_excerpt=asked)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return Outcome(_network_problem(error), request_excerpt=asked)
        return _outcome(answer, asked, hidden)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _answer(self, url: str, body: bytes, headers: Mapping[str, str]) -> BoundedAnswer:
        request = self._client.build_request(
            "POST", url, content=body, headers={"content-type": "application/json", **headers}
        )
        return await send_for_status(
            self._client, request, max_bytes=MAX_ANSWER_BYTES, deadline_s=self.deadline_s
        )


def _outcome(answer: BoundedAnswer, asked: str, hidden: Collection[str]) -> Outcome:
    accepted = 200 <= answer.status < 300  # noqa: PLR2004 - RFC 9110, section 15.3
    return Outcome(
        problem=None if accepted else _refusal(answer),
        http_status=answer.status,
        request_excerpt=asked,
        response_excerpt=_excerpt(answer.body, hidden, MAX_RESPONSE_EXCERPT),
        retry_after_s=None if accepted else retry_after(answer.headers.get("retry-after")),
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
