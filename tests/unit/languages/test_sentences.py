"""Where sentences end, in every script that Parlance speaks."""
# ruff: noqa: RUF001 -- sentences in sixteen languages

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.languages.codes import LANGUAGES
from services.languages.sentences import sentences

CASES = [
    (
        "en",
        "Dr. Smith pays 3.5 euros. See e.g. page 4! “Really?” he asked. J. R. R. Tolkien wrote.",
    ),
    ("de", "Am 3. Mai öffnen wir z. B. um 9 Uhr. Es ist z.B. Freitag. Ende."),
    ("fr", "M. Dupont habite au no. 5. Il arrive à 9 h ! Vraiment ?"),
    ("pl", "Sklep przy ul. Długiej otwieramy 3. maja, tj. w piątek. Zapraszamy!"),
    ("tr", "Prof. Yılmaz 3. katta çalışıyor. Geldi mi? Evet."),
    ("ja", "「はい。」と言った。明日は晴れです！そうですか？"),
    ("zh", "退货期限是30天。请联系客服！好吗？"),
    ("hi", "हमारी दुकान रोज़ खुलती है।क्या आप आएंगे? डॉ. शर्मा यहाँ हैं।"),
    ("ar", "نفتح يوميا من التاسعة. هل تريد المساعدة؟ نعم!"),
    ("vi", "Cửa hàng ở TP. Hồ Chí Minh rất đông. Xin chào!"),
    ("th", "ร้านเปิดทุกวันครับ ขอบคุณมาก"),
    ("en", "# Title\n\nwrapped\nline. Next.\n- one\n- two\n1. First thing\n2. Second"),
    (None, "Ends without a stop"),
]
EXPECTED = [
    [
        "Dr. Smith pays 3.5 euros.",
        "See e.g. page 4!",
        "“Really?” he asked.",
        "J. R. R. Tolkien wrote.",
    ],
    ["Am 3. Mai öffnen wir z. B. um 9 Uhr.", "Es ist z.B. Freitag.", "Ende."],
    ["M. Dupont habite au no. 5.", "Il arrive à 9 h !", "Vraiment ?"],
    ["Sklep przy ul. Długiej otwieramy 3. maja, tj. w piątek.", "Zapraszamy!"],
    ["Prof. Yılmaz 3. katta çalışıyor.", "Geldi mi?", "Evet."],
    ["「はい。」と言った。", "明日は晴れです！", "そうですか？"],
    ["退货期限是30天。", "请联系客服！", "好吗？"],
    ["हमारी दुकान रोज़ खुलती है।", "क्या आप आएंगे?", "डॉ. शर्मा यहाँ हैं।"],
    ["نفتح يوميا من التاسعة.", "هل تريد المساعدة؟", "نعم!"],
    ["Cửa hàng ở TP. Hồ Chí Minh rất đông.", "Xin chào!"],
    ["ร้านเปิดทุกวันครับ", "ขอบคุณมาก"],
    ["# Title", "wrapped\nline.", "Next.", "- one", "- two", "1. First thing", "2. Second"],
    ["Ends without a stop"],
]


@pytest.mark.parametrize(("case", "expected"), list(zip(CASES, EXPECTED, strict=True)))
def test_sentences_end_where_a_reader_would_say(
    case: tuple[str | None, str], expected: list[str]
) -> None:
    language, text = case
    assert [text[span.start : span.end] for span in sentences(text, language)] == expected


@settings(deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(" \n\t.!?。？।؟…\"'”」)-*#1aBกがह退ا🎉\u0301\u200d"), max_size=80
    ),
    st.sampled_from([None, *LANGUAGES]),
)
def test_sentences_hold_every_visible_character_once(text: str, language: str | None) -> None:
    spans = sentences(text, language)
    assert all(span.start < span.end for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    kept = "".join(text[span.start : span.end] for span in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(text[span.start : span.end].strip() == text[span.start : span.end] for span in spans)


@pytest.mark.parametrize(
    "unit", [".", " ", "\n ", "a. ", "3. ", '"', "。」", "ก ", "!\u0301", "# ", "(. "]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    started = time.process_time()
    sentences(unit * (100_000 // len(unit)), "de")
    assert time.process_time() - started < 3
