"""Debian's handbooks as a corpus: three books, up to ten languages, the same section ids in each.

The packages come from the machine's own Debian mirror with `apt-get download` and are unpacked
into a folder; nothing is installed. Sections keep their ids, so that a question knows its source.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

CACHE = Path(tempfile.gettempdir()) / "parlance-benchmark-corpus"
PACKAGES = (
    *(f"debian-faq{one}" for one in ("", "-de", "-fr", "-it", "-ja", "-nl", "-pt", "-zh-cn")),
    *(
        f"debian-reference-{one}"
        for one in ("en", "de", "es", "fr", "id", "it", "ja", "pt", "zh-cn")
    ),
    *(f"developers-reference{one}" for one in ("", "-de", "-fr", "-it", "-ja")),
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(("p", "li", "dd", "dt", "tr", "pre", "div", "table", "ul", "ol", "section"))
_SILENT = frozenset(("script", "style", "nav", "head"))
_SILENT_CLASSES = frozenset(
    ("toc", "navheader", "navfooter", "sphinxsidebar", "related", "footer", "headerlink")
)
_VOID = frozenset(("br", "hr", "img", "link", "meta", "input", "col"))


class CorpusMissingError(RuntimeError):
    """Debian's documentation cannot be had here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as Markdown; `sections` are the ids with the offset at which each begins."""

    book: str
    language: str
    name: str
    text: str
    sections: tuple[tuple[int, str], ...]

    def section_at(self, offset: int) -> str:
        """The id of the section that an offset of the text lies in; empty before the first."""
        return next((name for start, name in reversed(self.sections) if start <= offset), "")


def fetch(folder: Path) -> Path:
    """Download and unpack the packages, unless that was done before.

    Raises:
        CorpusMissingError: apt or the mirror is not there.
    """
    unpacked = folder / "unpacked"
    if unpacked.is_dir():
        return unpacked
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", "-qq", *PACKAGES],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=240,
        )
        for package in folder.glob("*.deb"):
            subprocess.run(
                ["dpkg-deb", "-x", str(package), str(folder / "unpacking")],
                check=True,
                capture_output=True,
                timeout=60,
            )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        raise CorpusMissingError(
            "Debian's documentation packages cannot be fetched"
            f" ({' '.join(said)}). This needs a Debian with a mirror: run `apt-get update`, or skip"
            " the retrieval benchmark."
        ) from error
    (folder / "unpacking").rename(unpacked)
    return unpacked


def pages(unpacked: Path) -> Iterator[Page]:
    """All pages of all books."""
    share = unpacked / "usr/share"
    for path in sorted((share / "doc/debian/FAQ").glob("**/*.html")):
        folder = path.parent.name
        if path.name.count(".") > 1 and folder == "FAQ":
            continue  # the English pages are there twice
        yield _page("faq", "en" if folder == "FAQ" else folder, path)
    for path in sorted((share / "debian-reference").glob("*.html")):
        _name, _, rest = path.name.partition(".")
        if language := rest.removesuffix("html").rstrip("."):
            yield _page("reference", language, path)
    for path in sorted((share / "developers-reference").glob("**/*.html")):
        folder = path.parent.name
        if path.stem not in {"index", "search", "developers-reference"} and "_" not in folder:
            yield _page("developers", "en" if folder == "developers-reference" else folder, path)


def _page(book: str, language: str, path: Path) -> Page:
    reader = _Reader()
    reader.feed(path.read_text("utf-8", "replace"))
    text, sections = reader.whole()
    return Page(book, language.removesuffix("-cn"), path.name.split(".")[0], text, sections)


@dataclass
class _Reader(HTMLParser):
    """HTML to Markdown: headings, paragraphs, and the id that each heading carries."""

    parts: list[str] = field(default_factory=list)
    sections: list[tuple[int, str]] = field(default_factory=list)
    open_tags: list[tuple[str, bool]] = field(default_factory=list)
    length: int = 0
    waiting_id: str = ""
    heading_at: int | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _VOID:
            return
        silent = tag in _SILENT or not _SILENT_CLASSES.isdisjoint(given.get("class", "").split())
        self.open_tags.append((tag, silent))
        if tag in _HEADINGS:
            self._add("\n\n" + "#" * _HEADINGS[tag] + " ")
            self.heading_at = self.length
        elif tag in _BLOCKS:
            self._add("\n" if tag in {"li", "dt", "dd", "tr"} else "\n\n")
        if tag in {"section", "a", *_HEADINGS} and given.get("id"):
            self._named(tag, given["id"])

    def _named(self, tag: str, name: str) -> None:
        if self.heading_at is not None:
            self.sections.append((self.heading_at, name))
        elif tag == "section":
            self.sections.append((self.length, name))

    def handle_endtag(self, tag: str) -> None:
        while self.open_tags:
            closed, _ = self.open_tags.pop()
            if closed == tag:
                break
        if tag in _HEADINGS:
            self._add("\n\n")
            self.heading_at = None

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if any(silent for _, silent in self.open_tags):
            return
        is_code = any(tag == "pre" for tag, _ in self.open_tags)
        words = data if is_code else " ".join(data.split("\n"))
        if self.heading_at is not None:
            words = words.replace("\N{PILCROW SIGN}", "")
        self._add(words)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def whole(self) -> tuple[str, tuple[tuple[int, str], ...]]:
        """The text and its sections."""
        return "".join(self.parts), tuple(self.sections)
