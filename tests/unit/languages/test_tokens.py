"""The tokens of a text and of a question about it are the same."""
# ruff: noqa: RUF001 -- words in sixteen languages

import time

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from services.languages.codes import LANGUAGES
from services.languages.function_words import content_words
from services.languages.tokens import LONGEST_TOKEN_CHARACTERS, search_tokens, stemmed

ONLY_LETTERS = regex.compile(r"[\p{L}\p{M}\p{N}]+")


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Returning PRODUCTS", "return product"),
        ("fr", "livraisons expédiées", "livraison expédiée"),
        ("es", "devoluciones", "devolución"),
        ("de", "Rücksendungen", "Rücksendung"),
        ("it", "negozi", "negozio"),
        ("pt", "produtos", "produto"),
        ("nl", "winkels", "winkel"),
        ("pl", "przesyłki zwrotów", "przesyłkę zwrot"),
        ("ar", "المنتجات", "منتج"),
        ("hi", "दुकानें", "दुकान"),
        ("id", "pengembalian", "mengembalikan"),
        ("tr", "İADELER kargoları", "iadeler kargo"),
        ("vi", "TRẢ HÀNG", "trả hàng"),
        ("de", "Größe", "GRÖSSE"),
        ("fr", "café", "cafe"),
        ("en", "ﬁne ｆｕｌｌ", "fine full"),
        ("ar", "العَرَبِيَّة", "العربية"),
    ],
)
def test_forms_of_a_word_meet(language: str, one: str, other: str) -> None:
    assert search_tokens(one, language) == search_tokens(other, language)


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("ja", "iPhoneの保証", ["iphone", "の保", "保証"]),
        ("zh", "退货期限30天", ["退货", "货期", "期限", "30", "天"]),
        ("th", "เปิด", ["เปิ", "ปิด"]),
        ("en", "café 茶", ["cafe", "茶"]),
        ("hi", "हिन्दी में", [stemmed("हिन्दी", "hi"), stemmed("में", "hi")]),
        ("vi", "đi", ["đi"]),
        (None, "running", ["running"]),
        ("en", "soft\u00adware zero\u200dwidth", ["softwar", "zerowidth"]),
    ],
)
def test_words_are_cut_as_their_script_demands(
    language: str | None, text: str, tokens: list[str]
) -> None:
    assert search_tokens(text, language) == tokens


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from([None, *LANGUAGES]))
def test_tokens_hold_nothing_that_a_query_language_reads(text: str, language: str | None) -> None:
    for token in search_tokens(text, language):
        assert ONLY_LETTERS.fullmatch(token), token
        assert len(token) <= 2 * LONGEST_TOKEN_CHARACTERS


@pytest.mark.parametrize(
    ("language", "question", "words"),
    [
        ("en", "Could you please tell me what your return policy is?", ["return", "policy"]),
        ("ja", "保証期間はどのくらいですか？", ["保証", "証期", "期間"]),
        ("zh", "你们什么时候开门？", ["开门"]),
        ("th", "ค่าจัดส่งเท่าไหร่", ["ค่า", "าจั", "จัด", "ดส่", "ส่ง"]),
        ("ar", "ما هي مدة الإرجاع؟", ["مدة", "الإرجاع"]),
        ("en", "who are you", ["who", "are", "you"]),
        ("zh", "茶", ["茶"]),
        (None, "The the the", ["the"]),
        ("en", "😀 ?!", []),
    ],
)
def test_a_question_keeps_what_it_is_about(
    language: str | None, question: str, words: list[str]
) -> None:
    assert content_words(question, language) == words


@pytest.mark.parametrize("unit", ["a\u0301", "ก\u0e48", "e", "退", "ﷺ", " ", "a ", "\u200d", "の"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    started = time.process_time()
    search_tokens(unit * (100_000 // len(unit)), "de")
    assert time.process_time() - started < 3


@pytest.mark.timeout(60)
def test_more_marks_on_a_letter_than_any_language_has_are_cut() -> None:
    (token,) = search_tokens("a" + "\u0315" * 100_000 + "\u0300" * 100_000, None)
    assert token == "a"
    assert search_tokens("e" + "\u0300" * 30, "vi") == search_tokens("e" + "\u0300" * 31, "vi")
