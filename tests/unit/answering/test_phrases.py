import unicodedata
from datetime import date
from typing import get_args

import pytest

from services.answering import phrases
from services.answering.events import FailureCode
from services.answering.phrases import PHRASE_KEYS, PhraseKey
from services.languages.codes import LANGUAGES

LABELS: tuple[PhraseKey, ...] = ("retrieving", "thinking", "hook")
REFUSALS = [key for key in PHRASE_KEYS if key not in LABELS]
LONGEST_CHARACTERS = 120
SCRIPTS = {
    "ja": {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK", "IDEOGRAPHIC"},
    "zh": {"CJK"},
    "ar": {"ARABIC"},
    "hi": {"DEVANAGARI"},
    "th": {"THAI"},
}
LATIN = {"LATIN"}


def phrase(key: PhraseKey, language: str | None) -> str:
    """Everything said, with a date where one is named."""
    return phrases.phrase(key, language, date(2026, 9, 1))


def scripts_of(text: str) -> set[str]:
    """The scripts of a text's letters and marks, by the first word of their Unicode names."""
    letters = (c for c in text if unicodedata.category(c)[0] in "LM")
    return {unicodedata.name(letter).split()[0] for letter in letters}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", PHRASE_KEYS)
def test_everything_can_be_said_shortly_in_every_language(key: PhraseKey, language: str) -> None:
    said = phrase(key, language)

    assert said == said.strip() != ""
    assert "  " not in said
    assert len(said) <= LONGEST_CHARACTERS


@pytest.mark.parametrize("key", PHRASE_KEYS)
def test_no_two_languages_say_it_alike(key: PhraseKey) -> None:
    said = {phrase(key, language) for language in LANGUAGES}

    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_phrases_of_a_language_are_alike(language: str) -> None:
    assert len({phrase(key, language) for key in PHRASE_KEYS}) == len(PHRASE_KEYS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_trail_off_and_refusals_are_sentences(language: str) -> None:
    assert all(phrase(key, language).endswith("…") for key in LABELS)
    endings = (".", "。", "।") if language != "th" else ("",)  # Thai has no full stop
    assert [key for key in REFUSALS if not phrase(key, language).endswith(endings)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", PHRASE_KEYS)
def test_every_language_is_written_in_its_own_script(key: PhraseKey, language: str) -> None:
    scripts = scripts_of(phrase(key, language))

    assert scripts
    assert scripts <= SCRIPTS.get(language, LATIN)


def test_japanese_is_not_chinese() -> None:
    assert all("HIRAGANA" in scripts_of(phrase(key, "ja")) for key in PHRASE_KEYS)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("pt-BR", "pt"), ("zh-Hant", "zh"), ("zh-Hant-TW", "zh"), ("DE_at", "de"), ("EN", "en")],
)
def test_a_region_or_script_falls_back_to_its_language(tag: str, language: str) -> None:
    assert phrase("thinking", tag) == phrase("thinking", language)


@pytest.mark.parametrize("tag", [None, "", "tlh", "und", "x" * 100_000, "-", "*"])
def test_a_language_that_is_not_spoken_gets_english(tag: str | None) -> None:
    assert phrase("thinking", tag) == phrase("thinking", "en")


def test_every_failure_of_this_stage_has_its_phrase() -> None:
    told_elsewhere = {"quota_exceeded", "budget_exceeded"}

    assert set(get_args(FailureCode)) - told_elsewhere <= set(PHRASE_KEYS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_limit_names_the_day_of_its_end_as_the_language_writes_it(language: str) -> None:
    said = phrase("limit_reached", language)

    assert "2026" in said
    assert "1" in said
    assert "{" not in said


def test_only_what_names_a_day_has_a_place_for_it() -> None:
    named = {key for key in PHRASE_KEYS if "{date}" in phrases.phrase(key, "en")}

    assert named == {"limit_reached"}
