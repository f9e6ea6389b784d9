# ruff: noqa: RUF001 - full-width end marks are what this module is about
"""Where sentences end, in every script that the product speaks.

Latin-script rules alone are not enough: Chinese and Japanese put no space after their full
stop, Hindi ends with a danda, Arabic has its own question mark, and Thai has no full stop at
all, so runs without an end mark are cut at a space, or at a letter where there is none. The
pieces joined give back the text, so nothing that is quoted is altered.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_SENTENCE = 280
"""Characters after which a run without an end mark is cut."""

LONGEST_THAI_CLAUSE = 60
"""Likewise for Thai, Lao, Burmese and Khmer, where spaces stand between clauses."""

ABBREVIATIONS = frozenset({
    "art", "bijv", "bzw", "ca", "co", "dott", "dr", "etc", "inc", "inż", "jr", "ltd", "mgr", "mr",
    "mrs", "ms", "np", "nr", "prof", "sig", "sr", "sra", "srta", "st", "str", "tel", "tj", "ud",
    "usw", "vs",
})  # fmt: skip
"""Words whose full stop ends no sentence, in lower case."""

# A Latin end mark needs white space behind it ("3.5", "example.com"); the others do not.
_END = re.compile(
    r"""[。！？｡]+[」』）”’"]*\s*        # Chinese, Japanese
      | [।॥۔؟]+["’”»)]*\s*             # Hindi, Urdu, Arabic
      | [.!?…]+["'’”»)\]]*(?:\s+|$)    # the rest
      | \n\s*                          # a line is a unit of its own: headings, list items
    """,
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|\.)*$")
_DOTTED_LETTERS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_UNSPACED_SCRIPT = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_SPACES = re.compile(r"\s+")


def cut_sentences(text: str) -> list[str]:
    """Cut a text behind its sentences; the cuts joined are the text, none is blank."""
    cuts: list[str] = []
    blank = ""
    for run in _marked_runs(text):
        for piece in _short_enough(run):
            if piece.strip():
                cuts.append(blank + piece)
                blank = ""
            elif cuts:
                cuts[-1] += piece
            else:
                blank += piece
    return cuts


def split_sentences(text: str) -> list[str]:
    """The sentences of a text without the white space around them."""
    return [cut.strip() for cut in cut_sentences(text)]


def _marked_runs(text: str) -> Iterator[str]:
    start = 0
    for mark in _END.finditer(text):
        if _ends_nothing(text, start, mark):
            continue
        yield text[start : mark.end()]
        start = mark.end()
    yield text[start:]


def _ends_nothing(text: str, start: int, mark: re.Match[str]) -> bool:
    if mark.group().rstrip(" ") != ".":
        return False
    if text[mark.end() : mark.end() + 1].islower():  # "9.30 a.m. on Mondays"
        return True
    word = _LAST_WORD.search(text, start, mark.start())
    if word is None:
        return text[start : mark.start()].strip().isdecimal()  # "1. Open the lid"
    return _is_abbreviation(word.group())


def _is_abbreviation(word: str) -> bool:
    if word.casefold() in ABBREVIATIONS:
        return True
    return _DOTTED_LETTERS.fullmatch(word) is not None and ("." in word or word.isupper())


def _short_enough(run: str) -> Iterator[str]:
    longest = LONGEST_THAI_CLAUSE if _UNSPACED_SCRIPT.search(run) else LONGEST_SENTENCE
    start = 0
    while len(run) - start > longest:
        end = _cut_after(run, start, longest)
        yield run[start:end]
        start = end
    yield run[start:]


def _cut_after(run: str, start: int, longest: int) -> int:
    space = _SPACES.search(run, start + longest // 2, start + LONGEST_SENTENCE)
    if space is not None:
        return space.end()
    end = start + LONGEST_SENTENCE
    while end < len(run) and unicodedata.category(run[end]).startswith("M"):
        end += 1  # a vowel sign belongs to the letter before it
    return min(end, len(run))
