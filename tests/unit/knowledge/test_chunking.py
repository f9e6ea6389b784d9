"""Passages are whole, carry their headings, and are slices of the text."""

# ruff: noqa: RUF001 -- letters of other scripts
import time
from itertools import pairwise

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from services.knowledge.chunking import MOST_CHARACTERS, TARGET_CHARACTERS, Passage, passages
from services.knowledge.indexing import indexed_page
from services.knowledge.page_content import PageContent
from services.knowledge.stored_text import storable_text

MARKDOWN = """Before any heading.

# Shipping **and** returns #

We ship worldwide.

## Costs

5 euros.

```
# not a heading
```

## Times
### Europe

Three days.

Warranty
========

Two years.

Small print
---

None.

# Empty
"""

HEADING = regex.compile(r"(?m)^ {0,3}#{1,6}[ \t].*$|^.*\S.*\n {0,3}(?:={2,}|-{3,})[ \t]*$")
SENTENCE = "This sentence about tea has exactly some fifty letters. "
STRANGE = st.text(
    alphabet=st.sampled_from("# \n\t`=-*_>|.。aBกがहا🎉👨\u200d👩\u0301\ufe0f1"), max_size=120
)
TEXTS = st.one_of(
    STRANGE,
    st.builds(lambda unit, times: unit * times, STRANGE, st.integers(1, 60)),
    st.lists(STRANGE, max_size=6).map("\n\n".join),
)


def pieces(text: str) -> list[tuple[tuple[str, ...], str]]:
    return [(one.heading_path, text[one.start : one.end]) for one in passages(text, "en")]


def test_passages_stand_under_their_headings() -> None:
    assert pieces(MARKDOWN) == [
        ((), "Before any heading."),
        (("Shipping and returns",), "We ship worldwide."),
        (("Shipping and returns", "Costs"), "5 euros.\n\n```\n# not a heading\n```"),
        (("Shipping and returns", "Times", "Europe"), "Three days."),
        (("Warranty",), "Two years."),
        (("Warranty", "Small print"), "None."),
        (("Empty",), "# Empty"),
    ]


def test_a_plain_text_is_one_passage() -> None:
    assert pieces("  Just #1 text\nwith C# inside.\n") == [((), "Just #1 text\nwith C# inside.")]


def test_paragraphs_fill_passages_and_stay_whole() -> None:
    paragraph = (SENTENCE * 8).strip()
    text = "\n\n".join([paragraph] * 6)
    assert pieces(text) == [((), f"{paragraph}\n\n{paragraph}")] * 3


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = SENTENCE * 60
    found = pieces(text)
    assert all(passage.endswith("letters.") for _, passage in found)
    assert all(passage.startswith("This") for _, passage in found)
    assert all(len(passage) <= MOST_CHARACTERS for _, passage in found)


def test_a_short_rest_joins_the_passage_before() -> None:
    text = "\n\n".join([SENTENCE * 17, "Short rest."])
    assert len(pieces(text)) == 1


@pytest.mark.parametrize(
    "unit", ["👨‍👩‍👧‍👦", "e\u0301", "ก็", "हि", "🇩🇪", "か\u3099"]
)  # fmt: skip
def test_no_character_is_torn(unit: str) -> None:
    text = unit * 2_000
    found = pieces(text)
    assert len(found) > 1
    assert all(passage == unit * (len(passage) // len(unit)) for _, passage in found)
    assert "".join(passage for _, passage in found) == text


@settings(deadline=None)
@given(TEXTS)
def test_passages_hold_all_visible_text_but_headings_once(text: str) -> None:
    found = passages(text, None)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= following.start for one, following in pairwise(found))
    assert all(text[one.start : one.end].strip() for one in found)
    assert bool(found) == bool(text.strip())
    assert not HEADING.sub("", between(text, found)).strip()


def between(text: str, found: list[Passage]) -> str:
    """What is left of the text without its passages."""
    edges = [0, *(edge for one in found for edge in (one.start, one.end)), len(text)]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return "\n".join(text[start:end].strip("\n") for start, end in gaps)


@settings(deadline=None)
@given(TEXTS)
def test_every_stored_passage_is_a_slice_of_the_stored_text(text: str) -> None:
    stored = storable_text(text)
    stored.encode()
    indexed = indexed_page(PageContent("text", "Title", stored), "Title", "text")
    assert all(stored[one.start : one.end] == one.text for one in indexed.passages)
    assert indexed.token_count == sum(one.token_count for one in indexed.passages)


@settings(deadline=None)
@given(TEXTS)
def test_passages_are_bounded_and_cut_between_characters(text: str) -> None:
    borders = {found.start() for found in regex.finditer(r"\X", text)} | {len(text)}
    for one in passages(text, None):
        length = one.end - one.start
        is_one_character = len(regex.findall(r"\X", text[one.start : one.end])) == 1
        assert length <= MOST_CHARACTERS or is_one_character
        if length >= TARGET_CHARACTERS:
            assert one.start in borders
            assert one.end in borders


@pytest.mark.parametrize(
    "unit", ["# a\n", "```\n", "\n \n", "a\n=\n", "a", "a ", " ", "e\u0301", "\n", "-\n", "*", "|"]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    started = time.process_time()
    passages(unit * (200_000 // len(unit)), "en")
    assert time.process_time() - started < 5
