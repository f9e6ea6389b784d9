# ruff: noqa: RUF001 - other scripts are what this is about
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.sentences import LONGEST_SENTENCE, cut_sentences, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("We open at nine. We close at six!", ["We open at nine.", "We close at six!"]),
        ("Visit example.com. It costs 3.50 today.", ["Visit example.com.", "It costs 3.50 today."]),
        ("Dr. Smith, J. Doe and the U.S. team met.", ["Dr. Smith, J. Doe and the U.S. team met."]),
        ("Open from 9.30 a.m. on Mondays. Yes.", ["Open from 9.30 a.m. on Mondays.", "Yes."]),
        ("1. Open the lid. 2. Close it.", ["1. Open the lid.", "2. Close it."]),
        ('He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."]),
        ("Wait… What?! No way.", ["Wait…", "What?!", "No way."]),
        ("Title\n\n- one\n- two", ["Title", "- one", "- two"]),
        ("Das kostet z.B. 5 Euro. Ja.", ["Das kostet z.B. 5 Euro.", "Ja."]),
        ("¿Abren hoy? Sí.", ["¿Abren hoy?", "Sí."]),
        (
            "今日は休みです。明日は？「はい。」そうです",
            ["今日は休みです。", "明日は？", "「はい。」", "そうです"],
        ),
        ("我们九点开门。六点关门！", ["我们九点开门。", "六点关门！"]),
        ("हम नौ बजे खुलते हैं। छह बजे बंद।", ["हम नौ बजे खुलते हैं।", "छह बजे बंद।"]),
        ("هل أنتم مفتوحون؟ نعم.", ["هل أنتم مفتوحون؟", "نعم."]),
        ("", []),
        ("  \n ", []),
        ("...", ["..."]),
    ],
)
def test_sentences_end_where_readers_think(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_thai_is_cut_at_spaces() -> None:
    clause = "ร้านเปิดเวลาเก้าโมงเช้าและปิดเวลาหกโมงเย็น"
    pieces = split_sentences(" ".join([clause] * 4))
    assert len(pieces) >= 2
    assert all(piece.startswith("ร้าน") and piece.endswith("เย็น") for piece in pieces)


def test_run_without_marks_or_spaces_is_cut_between_letters() -> None:
    pieces = split_sentences("กำ" * 400)
    assert len(pieces) > 1
    assert all(len(piece) <= LONGEST_SENTENCE + 4 for piece in pieces)
    assert not any(piece.startswith("\u0e33") for piece in pieces)


@given(st.text(alphabet=st.sampled_from(" \n.!?。।؟aA1é你ก\u0e35\"'…"), max_size=700))
def test_cuts_joined_are_the_text(text: str) -> None:
    cuts = cut_sentences(text)
    assert "".join(cuts) == (text if text.strip() else "")
    assert all(cut.strip() for cut in cuts)
