"""Characters that show nothing are not stored, and words and emoji stay whole."""

# ruff: noqa: RUF001 -- letters of other scripts
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.extraction.readable import visible
from services.knowledge.stored_text import storable_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hid\u200bden\ufeff", "hidden"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("tag\U000e0049\U000e0067\U000e006e", "tag"),
        ("soft\u00adhyphen", "softhyphen"),
        ("bytes\U000e0100\U000e01ef\ufe01", "bytes"),
        ("a\u200d b\u200c", "a b"),
        ("\x1b[31mred\x08\x7f", "[31mred"),
        ("icon \ue001", "icon "),
        ("e\u0301", "é"),
        ("line\r\nline\ttab", "line\nline\ttab"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_what_stays(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_it_is_storable_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert storable_text(shown) == shown
    assert visible(shown) == shown
