"""Takes the target away from links that lead elsewhere, while the answer streams.

    [sign in](https://evil.example/x)   becomes   [sign in]
    https://evil.example/x              becomes   evil.example/x

Only a link that is still being written is held back, so no follower ever has one that could be
clicked. What is no link by this grammar but looks like the beginning of one is taken apart, because
another reader of Markdown may be more generous.
"""

from collections.abc import Callable

import regex  # type: ignore[import-untyped]

from documents.messages import Message
from services.answering.answer_text import AnswerText
from services.answering.events import AnswerEvent
from services.answering.link_hosts import LinkHosts

LONGEST_LINK = 2_400
"""Characters: what is longer is no link. Browsers and the widget stop at 2,000 or so."""

_BEGINNING = regex.compile(r"\]\(|https?:|mailto:", regex.IGNORECASE)
_TARGET = regex.compile(
    r"\]\(\s{0,9}<?(?P<target>[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s[^)\n]{0,300})?\)"
)
_ADDRESS = regex.compile(r"(?:https?:[/\\]*|mailto:)(?P<rest>[^\s<>()\[\]\"'`]*)", regex.IGNORECASE)
_END_MARKS = ".,;:!?*_~\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH COMMA}\N{IDEOGRAPHIC COMMA}"


class LinkLimiter:
    """Goes through a text piece by piece."""

    def __init__(self, hosts: LinkHosts) -> None:
        self._hosts = hosts
        self._held = ""
        self._last = ""

    @property
    def held(self) -> str:
        """What may become a link and was not given out yet."""
        return self._held

    def of(self, piece: str) -> str:
        """The text that can be given out now."""
        return self._said(self._given(self._held + piece, is_end=False))

    def rest(self) -> str:
        """What is left at the end."""
        return self._said(self._given(self._held, is_end=True))

    def _said(self, parts: list[str | None]) -> str:
        """The parts joined; a part that was cut out must not make a new scheme of its neighbours.

        As in "hthttps:tps://evil.example", whichever pieces it came in.
        """
        said = self._last
        for part in parts:
            said += (" " if said[-1:].isalnum() else "") if part is None else part
        given, self._last = said[len(self._last) :], said[-1:]
        return given

    def _given(self, text: str, *, is_end: bool) -> list[str | None]:
        """What can be given out; None where a scheme was cut out."""
        given: list[str | None] = []
        at = 0
        while found := _BEGINNING.search(text, at, partial=not is_end):
            given.append(text[at : found.start()])
            at = found.start()
            if found.partial or not (settled := self._settled(text, at, is_end=is_end)):
                self._held = text[at:]
                return given
            said, at = settled
            given.append(said)
        self._held = ""
        return [*given, text[at:]]

    def _settled(self, text: str, at: int, *, is_end: bool) -> tuple[str | None, int] | None:
        """What to say for the link that begins there and where to go on; None if it goes on."""
        is_open = not is_end and len(text) - at < LONGEST_LINK
        if text[at] == "]":
            return self._link(text, at, is_open=is_open)
        return self._address(text, at, is_open=is_open)

    def _link(self, text: str, at: int, *, is_open: bool) -> tuple[str | None, int] | None:
        end = at + LONGEST_LINK
        found = _TARGET.match(text, at, end, partial=is_open)
        if found is None:
            return "] (", at + 2
        if found.partial:
            return None
        allowed = self._hosts.allow(found["target"])
        return (found.group() if allowed else "]"), found.end()

    def _address(self, text: str, at: int, *, is_open: bool) -> tuple[str | None, int] | None:
        found = _ADDRESS.match(text, at, at + LONGEST_LINK)
        if is_open and found.end() == len(text):
            return None
        if self._hosts.allow(found.group().rstrip(_END_MARKS)):
            return found.group(), found.end()
        # The rest is looked at again: a second scheme may stand behind the first one.
        return None, found.start("rest")


class LimitedText:
    """Gives the words of a model on, with links to allowed hosts alone."""

    def __init__(self, text: AnswerText, hosts: LinkHosts) -> None:
        self._text = text
        self._limiter = LinkLimiter(hosts)

    @property
    def answer(self) -> Message:
        """The answer that the text belongs to."""
        return self._text.answer

    @property
    def text(self) -> str:
        """All words so far, with the link that is still being written."""
        return self._text.text + self._limiter.held

    async def event(self, make: Callable[[int], AnswerEvent]) -> None:
        """Publish an event."""
        await self._text.event(make)

    async def delta(self, piece: str) -> None:
        """Take more text."""
        if given := self._limiter.of(piece):
            await self._text.delta(given)

    async def close(self) -> None:
        """Give out what is left; the text is whole."""
        if given := self._limiter.rest():
            await self._text.delta(given)
