"""A quote is verbatim, short, and the part that answers."""
# ruff: noqa: RUF001 -- texts in other scripts

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.knowledge.question import read_question
from services.knowledge.quoting import LONGEST_QUOTE_CHARACTERS, best_quote

LONG = "and so on and on " * 40


def quote(text: str, question: str, language: str = "en") -> str:
    weights = dict.fromkeys(read_question(question, language, [language]).words, 1.0)
    span = best_quote(text, language, weights)
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("We sell tea. No coffee today. Come in.", "Is there coffee?", "No coffee today."),
        (
            "We open at nine. On Sundays we are closed. Bring your dog.",
            "When do you open on Sundays?",
            "We open at nine. On Sundays we are closed.",
        ),
        ("We sell tea. We sell tea.", "tea", "We sell tea."),
        ("Nothing here. Matches at all.", "zebra", "Nothing here."),
        ("我们卖茶。退货期限是30天。请进。", "退货期限多久？", "退货期限是30天。"),
    ],
)
def test_the_sentences_that_match_are_quoted(text: str, question: str, expected: str) -> None:
    language = "zh" if "茶" in text else "en"
    assert quote(text, question, language) == expected


def test_an_overlong_sentence_is_cut_at_words_around_the_match() -> None:
    found = quote(f"{LONG}the zebra sleeps {LONG}.", "Where does the zebra sleep?")
    assert "zebra sleeps" in found
    assert len(found) <= LONGEST_QUOTE_CHARACTERS
    assert set(found.rstrip(".").split()) <= {"and", "so", "on", "the", "zebra", "sleeps"}


@settings(deadline=None)
@given(
    st.text(alphabet=st.sampled_from(" \n.。!tea退货ก🎉\u0301'\""), max_size=200),
    st.integers(1, 40),
    st.text(alphabet=st.sampled_from(" tea退货ก"), max_size=10),
)
def test_a_quote_is_short_and_has_no_ragged_edges(text: str, times: int, question: str) -> None:
    found = quote(text * times, question)
    assert len(found) <= LONGEST_QUOTE_CHARACTERS
    assert found == found.strip()
    assert bool(found) == bool(text.strip())
