"""The first question as a title: short, plain, whole words, in every script."""

import pytest
import regex  # type: ignore[import-untyped]

from services.conversations.titles import TITLE_CHARACTERS, title_of

LONG = {
    "German": "Wurde Rom an einem Tag erbaut oder hat es länger gedauert als alle immer sagen, "
    "und wer hat das eigentlich aufgeschrieben?",
    "Japanese": "東京から大阪までの新幹線の料金はいくらですか。また、所要時間はどのくらいですか。"
    "学生割引はありますか。予約は必要ですか。荷物はいくつまで持ち込めますか。教えてください。",
    "Thai": "ฉันต้องการทราบว่าร้านของคุณเปิดกี่โมงและปิดกี่โมงในวันหยุดสุดสัปดาห์และวันหยุดนักขัตฤกษ์"
    "เพราะฉันต้องการไปซื้อของ",
    "Arabic": "متى تفتحون أبوابكم في عطلة نهاية الأسبوع وهل يمكنني إرجاع المنتج إذا لم يعجبني خلال"
    " ثلاثين يوما من الشراء؟",
    "Hindi": "क्या मैं अपना ऑर्डर रद्द कर सकता हूँ और पैसे वापस पा सकता हूँ अगर उत्पाद खराब निकले तो क्या होगा"
    " बताइए",
    "families": "👩‍👩‍👧‍👦" * 60,
    "one word": "x" * 500,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_question_is_cut_where_no_character_is_torn(name: str) -> None:
    title = title_of(LONG[name])
    assert len(title) <= TITLE_CHARACTERS
    assert title.endswith("…")
    kept = title.removesuffix("…")
    assert LONG[name].startswith(kept)
    characters = regex.findall(r"\X", LONG[name])
    assert kept == "".join(characters[: len(regex.findall(r"\X", kept))])


@pytest.mark.parametrize("name", ["German", "Arabic", "Hindi"])
def test_a_long_question_is_cut_after_a_word(name: str) -> None:
    words = LONG[name].split()
    assert title_of(LONG[name]).removesuffix("…").split()[-1].rstrip(",") in {
        one.rstrip(",") for one in words
    }


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("When do you\n\n open?", "When do you open?"),
        ("# **Hello** [there](http://x.example/a) `now`", "Hello there now"),
        ("- one\n- two", "one two"),
        ("<b onclick=evil()>Hello</b> there<br>", "Hello there"),
        ("2*3*4 and snake_case, 1 < 2 > 1", "2*3*4 and snake_case, 1 < 2 > 1"),
        ("\u202eevil\u2066 text\u200f", "evil text"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("می‌خواهم", "می‌خواهم"),
        ("<br>", "<br>"),
        ("\u202e", "…"),
    ],
)
def test_a_title_is_plain_text_on_one_line(question: str, title: str) -> None:
    assert title_of(question) == title


def test_hostile_questions_take_no_time() -> None:
    for hostile in ("<" * 8_000, "[" * 8_000, "`" * 8_000, "*a" * 4_000, "<a" * 4_000):
        assert title_of(hostile)
