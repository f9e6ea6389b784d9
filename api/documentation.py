"""The documentation as web pages: what of docs/ is served at /docs, and its Markdown as HTML.

The names are those of the folder when the server starts, so that no path of a request reaches the
file system. HTML in the Markdown stays text. Links between pages lead to /docs; links to files that
are not served, such as examples and tests, are left as words.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: Final = Path(__file__).resolve().parent.parent
ADDRESS: Final = "/docs"
START: Final = "docs/README.md"
PARTS: Final = ("docs/guide", "docs/operate", "docs/reference", "docs/decisions")
ALONE: Final = (START, "docs/roadmap.md", "CHANGELOG.md", "SECURITY.md")
PICTURES: Final = "docs/pictures"


@dataclass(frozen=True, slots=True)
class DocumentationPage:
    """One page.

    Attributes:
        title: Its first heading, as text.
        html: What stands in the page's `main`.
    """

    title: str
    html: str


class Documentation:
    """What may be read at /docs.

    Attributes:
        root: The folder that has `docs` in it; nothing is served where there is none.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    @cached_property
    def pages(self) -> Mapping[str, str]:
        """The files of pages, from `root`, by what stands behind /docs/ in their address."""
        found = [name for name in ALONE if (self.root / name).is_file()]
        found += [
            f"{part}/{one.name}"
            for part in PARTS
            for one in sorted((self.root / part).glob("*.md"))
        ]
        return {_address(name): name for name in found}

    @cached_property
    def pictures(self) -> Mapping[str, Path]:
        """The files of pictures by their names."""
        return {one.name: one for one in sorted((self.root / PICTURES).glob("*.png"))}

    @lru_cache(maxsize=200)  # noqa: B019 - one for the process; the pages are some dozens
    def page(self, address: str) -> DocumentationPage | None:
        """The page behind /docs/; None if there is none.

        Raises:
            OSError: its file cannot be read.
        """
        if address not in self.pages:
            return None
        name = self.pages[address]
        return _Rendering(self, name).page((self.root / name).read_text(encoding="utf-8"))


class _Rendering:
    """One page while its Markdown becomes HTML."""

    def __init__(self, documentation: Documentation, name: str) -> None:
        self._served = documentation
        self._folder = posixpath.dirname(name)
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table")

    def page(self, text: str) -> DocumentationPage:
        without_notes = re.sub(r"<!--.*?-->\n*", "", text, flags=re.DOTALL)
        tokens = self._markdown.parse(without_notes)
        title = self._with_anchors(tokens)
        for token in tokens:
            self._mend_links(token.children or [])
        html = self._markdown.renderer.render(tokens, self._markdown.options, {})
        wide = html.replace("<table>", '<div class="wide" tabindex="0"><table>')
        return DocumentationPage(title, wide.replace("</table>", "</table></div>"))

    def _with_anchors(self, tokens: list[Token]) -> str:
        """Give headings the ids that links between the pages name; the first heading's text."""
        title, used = "Parlance", dict[str, int]()
        for opened, content in pairwise(tokens):
            if opened.type == "heading_open":
                words = _words(content)
                title = words if opened.tag == "h1" and not used else title
                opened.attrSet("id", _anchor(words, used))
        return title

    def _mend_links(self, tokens: list[Token]) -> None:
        dead = 0
        for token in tokens:
            if token.type == "image":
                token.attrSet("src", self._picture(str(token.attrGet("src"))))
            elif token.type == "link_open":
                target = self._target(str(token.attrGet("href")))
                dead += target is None
                token.attrs = {"href": target} if target is not None else {}
                token.hidden = target is None
            elif token.type == "link_close" and dead:
                token.hidden, dead = True, dead - 1

    def _picture(self, source: str) -> str:
        return f"{ADDRESS}/pictures/{PurePosixPath(source).name}"

    def _target(self, href: str) -> str | None:
        if "://" in href or href.startswith(("#", "mailto:")):
            return href
        path, hash_, anchor = href.partition("#")
        name = posixpath.normpath(posixpath.join(self._folder, path))
        address = _address(name)
        if self._served.pages.get(address) != name:
            return None
        return f"{ADDRESS}/{address}".rstrip("/") + hash_ + anchor


def _address(name: str) -> str:
    """What stands behind /docs/ for a file; nothing for the first page."""
    path = name.removeprefix("docs/").removesuffix(".md")
    return "" if name == START else path.lower()


def _words(content: Token) -> str:
    return "".join(_texts(content.children or []))


def _texts(tokens: list[Token]) -> Iterator[str]:
    yield from (one.content for one in tokens if one.type in {"text", "code_inline"})


def _anchor(words: str, used: dict[str, int]) -> str:
    """The id that GitHub gives a heading, so that one link works in both places."""
    plain = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
    count = used.get(plain, 0)
    used[plain] = count + 1
    return f"{plain}-{count}" if count else plain
