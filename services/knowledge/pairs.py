"""Question/answer pairs: one page with a heading for each question and its answer below.

A pair is never cut: its answer is one chunk, found by the words of its question, and by the whole
question with the index of `question_key`.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import regex  # type: ignore[import-untyped]

from documents.knowledge_pages import PageHeading
from documents.knowledge_sources import QaPair
from services.knowledge.page_content import PageContent

PAIRS_KEY = "pairs"
LONGEST_KEY_CHARACTERS = 1_000

_NO_WORD = regex.compile(r"[^\p{L}\p{N}\p{M}]+")


def question_key(question: str) -> str:
    """What two spellings of the same question have in common: letters, marks and digits."""
    folded = unicodedata.normalize("NFKC", question).casefold()
    return str(_NO_WORD.sub(" ", folded)).strip()[:LONGEST_KEY_CHARACTERS]


def pairs_content(title: str, pairs: Sequence[QaPair]) -> PageContent:
    """The page that holds pairs."""
    parts: list[str] = []
    headings: list[PageHeading] = []
    length = 0
    for pair in pairs:
        heading = f"## {' '.join(pair.question.split())}\n\n"
        headings.append(
            PageHeading(level=2, text=pair.question, start=length, end=length + len(heading))
        )
        parts.append(f"{heading}{pair.answer}\n\n")
        length += len(parts[-1])
    return PageContent(PAIRS_KEY, title, "".join(parts), headings=tuple(headings))


def pairs_in(content: PageContent) -> Iterator[tuple[str, int, int]]:
    """Each question, and where its answer begins and ends in the page's text."""
    headings = content.headings or ()
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start if following else len(content.text)
        answer = content.text[heading.end : end]
        start = heading.end + len(answer) - len(answer.lstrip())
        yield heading.text, start, start + len(answer.strip())
