"""A verb that a question takes apart is looked for as texts write it."""

import pytest

from services.knowledge.question import MOST_QUESTION_WORDS, all_tokens, read_question
from services.languages.separable_verbs import joined_verbs

LANGUAGES = ("de", "en", "nl")


@pytest.mark.parametrize(
    ("question", "language", "tokens"),
    [
        ("Wie melde ich mich an?", "de", {"meld", "anmeld"}),
        (
            "Ich bin umgezogen. Wie meldet man sein Konto ab, und was kostet das?",
            "de",
            {"abmeldet"},
        ),
        ("Hoe zet ik de wekker uit", "nl", {"zet", "uitzet"}),
    ],
)
def test_the_particle_goes_before_the_verb(question: str, language: str, tokens: set[str]) -> None:
    read = read_question(question, language, LANGUAGES)
    assert tokens <= {one for word in read.words for one in word.tokens}


def test_the_particle_itself_stands_for_the_whole_verb() -> None:
    read = read_question("Wie fahre ich das System herunter?", "de", LANGUAGES)
    by_surface = {word.surface: word.tokens for word in read.words}
    assert "herunterfahr" in by_surface["fahre"]
    assert "herunterfahr" in by_surface["herunter"]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What do I log in to at the door in", "en"),
        ("Was kostet der Versand nach Wien?", "de"),
        ("an", "de"),
        ("", "de"),
    ],
)
def test_other_questions_stay_as_they_are(question: str, language: str) -> None:
    assert joined_verbs(question, language, question.split()) == {}


def test_a_function_word_is_no_verb() -> None:
    question = "Wie komme ich dort hin, wo die Stadt endet?"
    read = read_question(question, "de", (*LANGUAGES, "hi"))
    assert "hinkomm" in {one for word in read.words for one in word.tokens}
    assert joined_verbs("die komme hin", "de", ["komme"]) == {
        "komme": ["hinkomme"],
        "hin": ["hinkomme"],
    }


def test_a_verb_of_two_clauses_is_joined_with_both_particles_and_once_with_each() -> None:
    question = "Melde ich mich an? Melde ich mich ab? Melde ich mich an?"
    assert joined_verbs(question, "de", ["melde"]) == {
        "melde": ["anmelde", "abmelde"],
        "an": ["anmelde"],
        "ab": ["abmelde"],
    }


def test_a_pasted_text_has_no_more_joined_forms_than_a_question_has_words() -> None:
    words = [f"wort{number}" for number in range(MOST_QUESTION_WORDS)]
    text = " ".join(f"{' '.join(words)} {particle}." for particle in ("ab", "an", "aus", "zu"))
    joined = joined_verbs(text, "de", words)
    assert len({one for forms in joined.values() for one in forms}) == MOST_QUESTION_WORDS
    read = read_question(f"Wie melde ich mich bei dem Kunden an? {text}", "de", ("de",))
    assert len(all_tokens(read.words)) <= 2 * MOST_QUESTION_WORDS
