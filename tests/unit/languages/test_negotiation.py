"""Wishes for a language meet what there is."""

import pytest

from services.languages.codes import negotiate_language


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("de", ["en", "de"], "de"),
        ("de-CH", ["en", "de"], "de"),
        ("pt_BR", ["pt", "en"], "pt"),
        ("ZH-hant-TW", ["en", "zh"], "zh"),
        ("in", ["en", "id"], "id"),
        ("fr;q=0.2, de;q=0.9, en;q=0.5", ["en", "fr", "de"], "de"),
        ("fr, de;q=0.9", ["en", "de"], "de"),
        ("de;q=0, en", ["de", "en"], "en"),
        ("pt-BR, pt;q=0.8", ["pt", "pt-BR"], "pt-BR"),
        ("xx, *;q=0.5", ["it", "en"], "it"),
        ("ru", ["it", "en"], "it"),
        (None, ["it", "en"], "it"),
        ("", [], "en"),
        ("de;q=nan, ;;;===,,,", ["en", "de"], "en"),
        ("q" * 100_000, ["en"], "en"),
        ("x," * 5_000 + "de", ["en", "de"], "en"),
    ],
)
def test_the_most_wanted_offer_is_chosen(
    wanted: str | None, offered: list[str], chosen: str
) -> None:
    assert negotiate_language(wanted, offered) == chosen


def test_a_default_wins_over_the_first_offer() -> None:
    assert negotiate_language("ru", ["it", "de"], default="de") == "de"
