"""A text's language is told where it can be, and not guessed where it cannot."""
# ruff: noqa: RUF001 -- sentences in sixteen languages

import pytest

from services.languages.detection import detect_language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How long do I have to return something I bought?"),
        ("en", "opening hours?"),
        ("en", "The Zorblax 9000 weighs 42 kilograms."),
        ("fr", "Combien de jours ai-je pour retourner un article ?"),
        ("es", "¿Cómo puedo devolver un producto?"),
        ("de", "Was kostet der Versand?"),
        ("it", "A che ora apre il negozio?"),
        ("pt", "Como faço para devolver produtos?"),
        ("nl", "Hoe laat gaat de winkel open?"),
        ("pl", "O której otwiera się wasz sklep?"),
        ("ja", "返品はできますか？"),
        ("ja", "iPhone 15 Pro Max の保証は?"),
        ("zh", "你们的商店几点开门？"),
        ("ar", "متى يفتح المتجر؟"),
        ("hi", "दुकान कितने बजे खुलती है?"),
        ("id", "Pukul berapa toko buka?"),
        ("th", "ร้านเปิดกี่โมงคะ"),
        ("tr", "Mağaza saat kaçta açılıyor?"),
        ("vi", "Cửa hàng mở cửa lúc mấy giờ?"),
    ],
)
def test_a_short_question_tells_its_language(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "😀", "12345", "ok", "iPhone 15", "Привет, мир", "안녕하세요", "\x00"]
)
def test_what_cannot_be_told_is_none(text: str) -> None:
    assert detect_language(text) is None
