"""Questions that ask for the same find together, measured on sets with known groups.

`held_out.json` was not looked at while the numbers were chosen; `tuning.json` was, and is about
other things. A made-up set is easier than what visitors write, so both leave room.
"""

import json
import tracemalloc
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from random import Random
from string import ascii_lowercase

import numpy as np
import pytest

from services.unanswered.grouping import grouped
from services.unanswered.likeness import MOST_COLUMNS, likeness_of
from services.unanswered.listing import MOST_READ

Pairs = set[frozenset[str]]


def known_groups(name: str) -> list[list[str]]:
    text = (Path(__file__).parent / f"{name}.json").read_text()
    return [group for groups in json.loads(text).values() for group in groups]


def pairs_of(groups: Iterable[Sequence[str]]) -> Pairs:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def found_groups(questions: Sequence[str], language: str = "en") -> list[list[str]]:
    found = grouped(likeness_of(questions, language))
    return [[questions[place] for place in group] for group in found]


def pairwise_f1(known: Pairs, found: Pairs) -> float:
    return 2 * len(known & found) / (len(known) + len(found))


@pytest.mark.parametrize("name", ["held_out", "tuning"])
def test_questions_in_several_languages_find_together(name: str) -> None:
    known = known_groups(name)
    questions = sorted(question for group in known for question in group)
    assert len(questions) >= 60
    assert pairwise_f1(pairs_of(known), pairs_of(found_groups(questions))) >= 0.7


def test_the_order_in_which_they_are_asked_changes_nothing() -> None:
    questions = [question for group in known_groups("held_out") for question in group]
    forwards = pairs_of(found_groups(questions))
    assert pairs_of(found_groups(questions[::-1])) == forwards


@pytest.mark.parametrize(
    ("language", "alike", "other"),
    [
        (
            "ja",
            ("スイスへの送料はいくらですか", "スイスに送料はかかりますか"),
            "犬を連れて行けますか",
        ),
        ("ar", ("هل تشحنون إلى سويسرا؟", "الشحن إلى سويسرا"), "هل يسمح بالكلاب؟"),
        ("th", ("ส่งสินค้าไปสวิตเซอร์แลนด์ได้ไหม", "ส่งไปสวิตเซอร์แลนด์"), "พาสุนัขมาได้ไหม"),
    ],
)
def test_other_scripts_find_together_too(language: str, alike: tuple[str, str], other: str) -> None:
    assert found_groups([alike[0], other, alike[1]], language) == [list(alike), [other]]


def test_what_visitors_write_does_not_decide_how_much_memory_is_taken() -> None:
    chance = Random(7)
    hostile = ["".join(chance.choices(ascii_lowercase, k=8_000)) for _ in range(MOST_READ // 2)]
    hostile += [" ".join(one[at : at + 5] for at in range(0, 8_000, 5)) for one in hostile]
    likeness_of(hostile[::MOST_READ], "en")  # what is loaded once is not to be counted
    tracemalloc.start()
    try:
        likeness = likeness_of(hostile, "en")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert likeness.shape == (MOST_READ, MOST_READ)
    matrix = MOST_READ * MOST_COLUMNS * np.dtype(np.float32).itemsize
    assert peak < 3 * matrix


def test_nothing_and_single_questions_are_groups_of_their_own() -> None:
    assert found_groups([]) == []
    assert found_groups(["Why?"]) == [["Why?"]]
    assert found_groups(["???", "!"]) == [["???"], ["!"]]


def test_a_question_between_two_groups_does_not_join_them() -> None:
    alike = np.array([[1, 0.9, 0.1], [0.9, 1, 0.4], [0.1, 0.4, 1]], dtype=np.float32)
    assert grouped(alike, least=0.3) == [[0, 1], [2]]
