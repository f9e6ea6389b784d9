"""One run through the pages of a source: what is asked for next, and what became of it.

Nothing is stored here. Pages that are known but were not come across are asked for at the end, so
that every known page is heard of again unless the run ends early.
"""

import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from services.knowledge.extraction.extracted import (
    ExtractedText,
    UnreadableContentError,
)
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.addresses import (
    folded,
    is_root,
    may_be_page,
    page_address,
    site_of,
)
from services.knowledge.fetching.exchange import PageAnswer
from services.knowledge.fetching.limits import FetchLimits
from services.knowledge.fetching.pages import (
    FetchedPage,
    FetchRequest,
    GoneCode,
    GonePage,
    KnownPage,
    KnownPages,
    PageOutcome,
    PageProblem,
    UnchangedPage,
)
from services.knowledge.fetching.problems import (
    FetchError,
    ForbiddenByRobotsError,
    LeaveAloneError,
    answered,
)
from services.knowledge.fetching.site_visit import SiteAnswer, SiteVisit, is_page
from services.knowledge.fetching.sitemaps import listed_pages

_GONE = frozenset({404, 410})
_PAGE_TYPES = frozenset({
    "", "text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/octet-stream",
})  # fmt: skip
_LONGEST_VALIDATOR_CHARACTERS = 300

Outcomes = AsyncGenerator[PageOutcome, None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A page to ask for. `found` pages came from links or sitemaps, the others somebody named.

    `is_original` pages are asked for because another page calls them its original.
    """

    url: str
    depth: int
    found: bool = False
    is_original: bool = False


class SiteRun:
    """Asks for pages one after the other; used once."""

    def __init__(
        self,
        request: FetchRequest,
        known: KnownPages,
        visit: SiteVisit,
        extractor: Extractor,
        limits: FetchLimits,
    ) -> None:
        self._request = request
        self._known = known
        self._visit = visit
        self._extractor = extractor
        self._limits = limits
        self._site: str | None = None
        self._queue: deque[_Waiting] = deque()
        self._met: set[str] = set()
        self._heard: set[str] = set()
        self._kept: set[str] = set()
        self._texts: dict[str, str] = {}
        self._asked = 0
        self._failures = 0
        self._left_alone = False

    async def outcomes(self) -> Outcomes:
        """See `SiteReader.fetch_pages`."""
        try:
            start = page_address(self._request.url)
            if self._request.kind == "sitemap":
                await self._enqueue_listed(start)
            else:
                self._enqueue([start], depth=0, found=False)
        except ValueError:
            yield PageProblem(self._request.url, "The address is not a web address.", passing=False)
            return
        except FetchError as error:
            yield self._problem(self._request.url, error)
            return
        while (waiting := self._next()) is not None:
            async for outcome in self._page(waiting):
                yield outcome
        for outcome in self._left_out():
            yield outcome

    def _left_out(self) -> Iterator[PageOutcome]:
        """What to say when the run ends early, so that nobody takes known pages for gone."""
        sentence = "The site was left alone before this page was asked for."
        if self._failures >= self._limits.failures_in_a_row:
            yield PageProblem(
                self._request.url,
                f"{self._failures} pages failed one after the other; the rest is left for the next"
                " time.",
                passing=True,
                waiting=len(self._queue),
            )
        elif not self._left_alone:
            return
        for url in self._known:
            if folded(url) not in self._heard:
                yield PageProblem(url, sentence, passing=True)

    async def _enqueue_listed(self, start: str) -> None:
        """Queue what a sitemap lists.

        Raises:
            FetchError: there is none that can be read.
        """
        most = self._request.max_pages
        listed = await listed_pages(start, self._visit, self._extractor, most=most)
        self._site = site_of(listed[0])
        self._enqueue(listed, depth=0, found=True)

    def _next(self) -> _Waiting | None:
        """The next page to ask for, the known ones that nothing led to at the end."""
        is_over = self._asked >= self._request.max_pages or self._left_alone
        if is_over or self._failures >= self._limits.failures_in_a_row:
            return None
        if not self._queue and self._request.kind != "url":
            for url, known in self._known.items():
                self._enqueue([url], depth=known.depth, found=True)
        return self._queue.popleft() if self._queue else None

    def _enqueue(self, urls: Iterable[str], *, depth: int, found: bool) -> None:
        for url in urls:
            address = self._usable(url, found=found)
            if address is not None and folded(address) not in self._met:
                self._met.add(folded(address))
                self._queue.append(_Waiting(address, depth, found))

    def _usable(self, url: str, *, found: bool) -> str | None:
        try:
            address = page_address(url)
        except ValueError:
            return None
        if not found:
            return address
        is_here = self._site is not None and site_of(address) == self._site
        return address if is_here and may_be_page(address) else None

    async def _page(self, waiting: _Waiting) -> Outcomes:
        """Ask for one page and say what became of it."""
        self._asked += 1
        self._heard.add(folded(waiting.url))
        known = self._known.get(waiting.url)
        if known is not None and known.was_read:
            self._pass_by(waiting, known)
            return
        try:
            async for outcome in self._judged(waiting, await self._answer(waiting)):
                yield outcome
            self._failures = 0
        except ForbiddenByRobotsError as error:
            if waiting.url in self._known:
                yield self._gone(waiting.url, "not_allowed", error.sentence)
            elif not waiting.found:
                yield self._problem(waiting.url, error)
        except LeaveAloneError as error:
            self._left_alone = True
            yield self._problem(waiting.url, error)
        except FetchError as error:
            self._failures = self._failures + 1 if error.passing else 0
            yield self._problem(waiting.url, error)

    def _pass_by(self, waiting: _Waiting, known: KnownPage) -> None:
        """Go on behind a page that was read before the run was interrupted."""
        self._site = self._site or site_of(waiting.url)
        self._texts.setdefault(known.text_hash or waiting.url, waiting.url)
        self._kept.add(folded(waiting.url))
        self._follow(known)

    async def _answer(self, waiting: _Waiting) -> SiteAnswer:
        """The page, by its conditions if it is known."""
        known = self._known.get(waiting.url)
        answer = await self._visit.get(
            waiting.url,
            site=self._site or self._first_site(waiting),
            headers=_conditions(known),
            wanted=_is_readable if waiting.found else is_page,
        )
        if self._site is None:
            self._site = site_of(answer.url)
        return answer

    def _first_site(self, waiting: _Waiting) -> str | None:
        """Where the start's redirects must stay: on the site, except for a single page."""
        return None if self._request.kind == "url" else site_of(waiting.url)

    async def _judged(self, waiting: _Waiting, found: SiteAnswer) -> Outcomes:
        answer, known = found.answer, self._known.get(waiting.url)
        if answer.status in _GONE:
            yield self._not_there(waiting, answer)
        elif folded(found.url) != folded(waiting.url) and not self._meets(found.url):
            if known is not None:
                yield self._duplicate(waiting.url, found.url)
        elif answer.status == httpx.codes.NOT_MODIFIED and known is not None:
            yield self._unchanged(waiting, known)
        elif answer.status != httpx.codes.OK:
            raise answered(answer.status, urlsplit(found.url).hostname or found.url)
        elif answer.body is not None:
            async for outcome in self._read(waiting, found, answer.body):
                yield outcome

    def _meets(self, url: str) -> bool:
        """Whether a redirect's end is a page that was not heard of in this run."""
        self._met.add(folded(url))
        if folded(url) in self._heard:
            return False
        self._heard.add(folded(url))
        return True

    async def _read(self, waiting: _Waiting, found: SiteAnswer, body: bytes) -> Outcomes:
        raw_hash = hashlib.sha256(body).hexdigest()
        known = self._known.get(found.url)
        if known is not None and known.raw_hash == raw_hash:
            yield self._unchanged(replace(waiting, url=found.url), known)
            return
        try:
            extracted = await self._extractor.extract(
                body,
                name=urlsplit(found.url).path.rpartition("/")[2],
                declared_type=found.answer.headers.get("content-type"),
                url=found.url,
            )
        except UnreadableContentError as error:
            raise FetchError(error.sentence, passing=False) from error
        extracted = _with_header_wishes(extracted, found.answer)
        page = FetchedPage(
            url=found.url,
            extracted=extracted,
            known=_known_page(found.answer, raw_hash, extracted, waiting.depth),
        )
        async for outcome in self._folded(waiting, page):
            yield outcome

    async def _folded(self, waiting: _Waiting, page: FetchedPage) -> Outcomes:
        """The page, unless it wants to be no page or another one stands for it."""
        self._follow(page.known)
        if not page.extracted.indexable and self._request.kind != "url":
            if page.url in self._known or not waiting.found:
                yield self._gone(
                    page.url, "not_for_indexing", "The page asks not to be indexed (noindex)."
                )
            return
        canonical = None if waiting.is_original else self._canonical(page)
        if canonical is not None:
            async for outcome in self._original(canonical, waiting.depth):
                yield outcome
        other = self._standing_for(page, canonical)
        if other is None:
            self._kept.add(folded(page.url))
            yield replace(page, waiting=len(self._queue))
        for url in {waiting.url, page.url} & self._known.keys():
            if other is not None or url != page.url:
                yield self._duplicate(url, other or page.url)

    async def _original(self, canonical: str, depth: int) -> Outcomes:
        """Ask for the page that another one names its original, if that was not done yet."""
        if folded(canonical) not in self._heard and self._asked < self._request.max_pages:
            self._met.add(folded(canonical))
            original = _Waiting(canonical, depth, found=True, is_original=True)
            async for outcome in self._page(original):
                yield outcome

    def _standing_for(self, page: FetchedPage, canonical: str | None) -> str | None:
        """The page of this run that says the same as this one."""
        if canonical is not None and folded(canonical) in self._kept:
            return canonical
        other = self._texts.setdefault(page.known.text_hash or page.url, page.url)
        return None if other == page.url else other

    def _canonical(self, page: FetchedPage) -> str | None:
        """Another page of the site that this one says it is a copy of.

        That every page calls the front page its original is a common mistake, and not believed.
        """
        written = page.extracted.canonical_url
        if written is None or self._request.kind == "url":
            return None
        address = self._usable(written, found=True)
        if address is None or folded(address) == folded(page.url) or is_root(address):
            return None
        return address

    def _follow(self, page: KnownPage) -> None:
        if self._request.kind == "crawl" and page.depth < self._request.max_depth:
            self._enqueue(page.links, depth=page.depth + 1, found=True)

    def _unchanged(self, waiting: _Waiting, known: KnownPage) -> PageOutcome:
        known = replace(known, depth=min(known.depth, waiting.depth))
        self._follow(known)
        other = self._texts.setdefault(known.text_hash or waiting.url, waiting.url)
        if other != waiting.url:
            return self._duplicate(waiting.url, other)
        self._kept.add(folded(waiting.url))
        return UnchangedPage(waiting.url, known, waiting=len(self._queue))

    def _not_there(self, waiting: _Waiting, answer: PageAnswer) -> PageOutcome:
        sentence = f"The page is not there any more (status {answer.status})."
        if waiting.url in self._known:
            return self._gone(waiting.url, "removed", sentence)
        return PageProblem(
            waiting.url,
            f"There is no such page (status {answer.status}).",
            passing=False,
            waiting=len(self._queue),
        )

    def _duplicate(self, url: str, other: str) -> GonePage:
        return self._gone(url, "duplicate", f"It is the same page as {other}.")

    def _gone(self, url: str, code: GoneCode, sentence: str) -> GonePage:
        return GonePage(url, code, sentence, waiting=len(self._queue))

    def _problem(self, url: str, error: FetchError) -> PageProblem:
        return PageProblem(
            url, error.sentence, error.passing, error.retry_after_s, waiting=len(self._queue)
        )


def _is_readable(answer: PageAnswer) -> bool:
    return is_page(answer) and answer.media_type in _PAGE_TYPES


def _conditions(known: KnownPage | None) -> dict[str, str]:
    """Headers that ask for the page only if it changed (RFC 9110, 13.1)."""
    if known is None or known.raw_hash is None:
        return {}
    conditions = {"if-none-match": known.etag, "if-modified-since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _known_page(
    answer: PageAnswer, raw_hash: str, extracted: ExtractedText, depth: int
) -> KnownPage:
    said = f"{extracted.title or ''}\n{extracted.text}"
    return KnownPage(
        etag=_validator(answer, "etag"),
        last_modified=_validator(answer, "last-modified"),
        raw_hash=raw_hash,
        text_hash=hashlib.sha256(said.encode()).hexdigest(),
        links=extracted.links,
        depth=depth,
    )


def _validator(answer: PageAnswer, name: str) -> str | None:
    value = answer.headers.get(name, "")
    usable = value.isascii() and value.isprintable() and len(value) <= _LONGEST_VALIDATOR_CHARACTERS
    return value if value and usable else None


def _with_header_wishes(extracted: ExtractedText, answer: PageAnswer) -> ExtractedText:
    """The same with what `X-Robots-Tag` asks for; wishes to other robots by name are theirs."""
    wishes = {
        wish.strip().lower().removeprefix("parlance:").strip()
        for header in answer.headers.get_list("x-robots-tag")
        for wish in header.split(",")
    }
    return replace(
        extracted,
        indexable=extracted.indexable and not wishes & {"noindex", "none"},
        links=() if wishes & {"nofollow", "none"} else extracted.links,
    )
