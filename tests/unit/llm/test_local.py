import asyncio

import pytest

from services.llm.local import MAX_SENTENCES, NOTHING_KNOWN, LocalModel
from services.llm.model import ContextPassage, ModelFinished, ModelRequest
from tests.unit.llm.asking import answer_of

LANGUAGES = sorted(NOTHING_KNOWN)
SPOKEN_BY_THE_PRODUCT = 16


def asking(*quotes: str, language: str = "en") -> ModelRequest:
    passages = tuple(
        ContextPassage(number, f"Source {number}", quote, quote)
        for number, quote in enumerate(quotes, start=1)
    )
    return ModelRequest((), "a question", passages, language)


async def test_every_sentence_is_one_chunk_and_the_last_is_cited() -> None:
    answer = await answer_of(LocalModel(), asking("We open at nine. We close at six. Ask us!"))
    assert answer.chunks == ["We open at nine. ", "We close at six. ", "Ask us! [1]"]
    assert answer.finished == ModelFinished("stop", 0, 0)


async def test_text_is_verbatim_passage_by_passage() -> None:
    quotes = ("Dr. Smith  is in.\nRoom 3.5 it is.", "第一句。第二句！")  # noqa: RUF001
    answer = await answer_of(LocalModel(), asking(*quotes))
    assert answer.text == f"{quotes[0]} [1]\n\n{quotes[1]} [2]"


async def test_sentence_of_overlapping_passages_is_said_once() -> None:
    answer = await answer_of(LocalModel(), asking("One. Two.", "Two. Three.", "Two."))
    assert answer.text == "One. Two. [1]\n\nThree. [2]"


async def test_answer_is_short_however_much_is_found() -> None:
    answer = await answer_of(
        LocalModel(), asking(" ".join(f"Sentence number {n} here." for n in range(50)), "Other.")
    )
    assert len(answer.chunks) == MAX_SENTENCES
    assert answer.text.endswith("[1]")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_says_in_the_visitors_language_that_it_knows_nothing(language: str) -> None:
    answer = await answer_of(LocalModel(), asking(language=f"{language}-XX"))
    assert answer.text == NOTHING_KNOWN[language]
    assert answer.chunks
    assert "[1]" not in answer.text
    assert len(LANGUAGES) == SPOKEN_BY_THE_PRODUCT


@pytest.mark.parametrize("language", ["", "xx", "tlh-Latn"])
async def test_unknown_language_gets_english(language: str) -> None:
    answer = await answer_of(LocalModel(), asking(language=language))
    assert answer.text == NOTHING_KNOWN["en"]


async def test_blank_passages_count_as_none() -> None:
    answer = await answer_of(LocalModel(), asking("", "  \n"))
    assert answer.text == NOTHING_KNOWN["en"]


async def test_other_tasks_run_between_sentences() -> None:
    turns = 0

    async def neighbour() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(neighbour())
    await answer_of(LocalModel(), asking("One. Two. Three. Four."))
    task.cancel()
    assert turns >= 4
