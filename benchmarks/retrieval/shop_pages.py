"""A shop's help pages as a corpus, in the six languages that Debian's handbooks are not in.

They were written for this, with questions of their own: the same sections in each language, close
to one another as such pages are (delivery, express delivery, delivery abroad).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.retrieval.debian_pages import Page

FOLDER = Path(__file__).with_name("shop")
QUESTIONS = FOLDER / "questions.tsv"

_HEADING = re.compile(r"^(#+ .*?)(?: \{#(\w+)\})?$", re.MULTILINE)


def shop_pages() -> Iterator[Page]:
    """One page for each language."""
    for path in sorted(FOLDER.glob("*.md")):
        text, sections = _without_ids(path.read_text("utf-8"))
        yield Page("shop", path.stem, path.stem, text, sections)


def _without_ids(written: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The text, and the ids of its headings with the offset of each."""
    text, sections, end = "", [], 0
    for found in _HEADING.finditer(written):
        text += written[end : found.start()]
        if found[2]:
            sections.append((len(text), found[2]))
        text, end = text + found[1], found.end()
    return text + written[end:], tuple(sections)
