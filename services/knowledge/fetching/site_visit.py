"""Asking one site politely: its robots.txt first, pauses between requests, redirects by hand.

Every hop of a redirect is judged anew: by the guard, by the other origin's robots.txt, and by
whether it leaves the site.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import httpx

from services.knowledge.extraction.limits import LONGEST_ADDRESS_CHARACTERS
from services.knowledge.fetching.addresses import (
    is_same_but_www,
    origin_of,
    page_address,
    site_of,
)
from services.knowledge.fetching.exchange import PageAnswer, exchange
from services.knowledge.fetching.limits import LARGEST_ROBOTS_BYTES, MOST_REDIRECTS, FetchLimits
from services.knowledge.fetching.pace import Pace, PacedHost
from services.knowledge.fetching.problems import (
    FetchError,
    ForbiddenByRobotsError,
    LeaveAloneError,
    failed,
    refused,
)
from services.knowledge.fetching.robots import RobotsRules
from services.outgoing.errors import OutgoingError

_BUSY = frozenset({429, 503})
_MOST_DIGITS = 9
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Wanted = Callable[[PageAnswer], bool]


def is_page(answer: PageAnswer) -> bool:
    """Whether it is what was asked for."""
    return answer.status == httpx.codes.OK


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """An answer that is no redirect, and the address that gave it."""

    url: str
    answer: PageAnswer


class SiteVisit:
    """The requests of one run. Not for several tasks at once."""

    def __init__(self, client: httpx.AsyncClient, pace: Pace, limits: FetchLimits) -> None:
        self._client = client
        self._pace = pace
        self._limits = limits
        self._rules: dict[str, RobotsRules] = {}
        self._hosts: dict[str, PacedHost] = {}

    async def get(
        self,
        url: str,
        *,
        site: str | None = None,
        headers: Mapping[str, str] | None = None,
        wanted: Wanted = is_page,
    ) -> SiteAnswer:
        """Ask for a page and follow its redirects.

        Args:
            url: As `page_address` gives it.
            site: Redirects may not leave this site; None lets them go anywhere.
            headers: Conditions.
            wanted: Whether to read an answer's body.

        Raises:
            ForbiddenByRobotsError: a robots.txt keeps us out.
            LeaveAloneError: the server wants a longer pause than is waited for.
            FetchError: it cannot be read.
        """
        asked = set()
        for _ in range(MOST_REDIRECTS + 1):
            asked.add(url)
            answer = await self._patient(url, headers or {}, wanted)
            location = _location(answer)
            if location is None:
                return SiteAnswer(url, answer)
            url = _next(url, location, site)
            if url in asked:
                raise FetchError("The address redirects in a circle.", passing=False)
        raise FetchError(f"It redirects more than {MOST_REDIRECTS} times.", passing=False)

    async def rules(self, url: str) -> RobotsRules:
        """The robots.txt of the address's origin, asked for once in a run.

        Raises:
            FetchError: it cannot be read, and then nothing else may be (RFC 9309, 2.3.1.4).
        """
        origin = origin_of(url)
        if origin not in self._rules:
            self._rules[origin] = await self._fetched_rules(origin)
        return self._rules[origin]

    async def _fetched_rules(self, origin: str) -> RobotsRules:
        url = f"{origin}/robots.txt"
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._once(url, {}, is_page, 0.0, most_bytes=LARGEST_ROBOTS_BYTES)
            location = _location(answer)
            if location is None:
                return _rules(answer, origin)
            url = _next(url, location, None)
        return RobotsRules()

    async def _patient(self, url: str, headers: Mapping[str, str], wanted: Wanted) -> PageAnswer:
        """Ask if the site allows it, and once more if the server wants a short pause."""
        rules = await self.rules(url)
        if not rules.allows(url):
            raise ForbiddenByRobotsError(
                f"The robots.txt of {urlsplit(url).hostname} does not allow it; allow the user"
                " agent Parlance there.",
                passing=False,
            )
        delay_s = min(rules.delay_s, self._limits.longest_delay_s)
        answer = await self._once(url, headers, wanted, delay_s)
        wait_s = _retry_after_s(answer)
        if answer.status not in _BUSY or wait_s is None:
            return answer
        self._pace.leave_alone(self._host(url), min(wait_s, self._limits.longest_wait_s))
        if wait_s > self._limits.longest_wait_s:
            raise LeaveAloneError(
                f"{urlsplit(url).hostname} is busy and asked for a pause of {wait_s:.0f} seconds;"
                " the rest is left for the next time.",
                passing=True,
                retry_after_s=wait_s,
            )
        return await self._once(url, headers, wanted, delay_s)

    async def _once(
        self,
        url: str,
        headers: Mapping[str, str],
        wanted: Wanted,
        delay_s: float,
        *,
        most_bytes: int | None = None,
    ) -> PageAnswer:
        """One request in its turn; with `most_bytes` a longer body is cut there."""
        host = self._host(url)
        try:
            async with self._pace.turn(host, max(delay_s, self._limits.delay_s)):
                return await exchange(
                    self._client,
                    url,
                    headers=dict(headers),
                    wanted=wanted,
                    max_bytes=most_bytes or self._limits.largest_page_bytes,
                    deadline_s=self._limits.page_deadline_s,
                    cut=most_bytes is not None,
                )
        except OutgoingError as error:
            raise refused(error) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failed(error, urlsplit(url).hostname or url) from error

    def _host(self, url: str) -> PacedHost:
        return self._hosts.setdefault(site_of(url), self._pace.host(site_of(url)))


def _rules(answer: PageAnswer, origin: str) -> RobotsRules:
    if answer.body is not None:
        return RobotsRules(answer.body.decode("utf-8", "replace"))
    if answer.status < httpx.codes.INTERNAL_SERVER_ERROR and answer.status not in _BUSY:
        return RobotsRules()
    raise FetchError(
        f"The robots.txt of {urlsplit(origin).hostname} cannot be read (status {answer.status}),"
        " so no page was asked for.",
        passing=True,
        retry_after_s=_retry_after_s(answer),
    )


def _location(answer: PageAnswer) -> str | None:
    return answer.headers.get("location") if answer.status in _REDIRECTS else None


def _next(url: str, location: str, site: str | None) -> str:
    try:
        following = page_address(urljoin(url, location))
    except ValueError as error:
        raise FetchError("It redirects to something that is no address.", passing=False) from error
    if len(following) > LONGEST_ADDRESS_CHARACTERS:
        raise FetchError("It redirects to an address that is too long.", passing=False)
    if site is not None and not is_same_but_www(site_of(following), site):
        raise FetchError(
            f"It redirects to another site, {site_of(following)}; add that one as a source of its"
            " own.",
            passing=False,
        )
    return following


def _retry_after_s(answer: PageAnswer) -> float | None:
    """Seconds to wait, of either form (RFC 9110, 10.2.3)."""
    written = answer.headers.get("retry-after", "").strip()
    if written.isdecimal() and len(written) <= _MOST_DIGITS:
        return float(written)
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(moment.tzinfo)).total_seconds())
