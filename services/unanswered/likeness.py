"""How much alike questions are, 0 to 1, by their words alone.

Two things are compared: the words that a question is about, where the rarer ones among all the
questions weigh more, and the pieces of four letters that they are made of, which see through
endings, compounds and typos. Questions in different languages are hardly ever alike.

Visitors decide how many different words and pieces there are, so the vectors have no more columns
than `MOST_COLUMNS`: a part has the column that its checksum says, and may share it with another.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from services.languages.detection import detect_language
from services.languages.function_words import content_words
from services.languages.tokens import stemmed

Likeness: TypeAlias = NDArray[np.float32]

WORDS_WEIGHT = 0.4
"""Of whole words; the rest is that of pieces."""

PIECE_LETTERS = 4
PRIOR_QUESTIONS = 20
"""Other questions that are taken to have been asked: of three, a word in two is still rare."""

COMPARED_CHARACTERS = 300
"""Of each question, from its beginning: what is longer is hardly a question."""

MOST_COLUMNS = 2**14
"""Of the vectors; 39 MB for 600 questions. Real ones have far fewer different pieces."""


def likeness_of(questions: Sequence[str], language: str) -> Likeness:
    """How much alike each two questions are.

    Args:
        questions: What was asked.
        language: For questions that do not tell theirs.
    """
    words = [_words_of(one[:COMPARED_CHARACTERS], language) for one in questions]
    pieces = [[piece for word in one for piece in _pieces_of(word)] for one in words]
    return WORDS_WEIGHT * _cosines(words) + (1 - WORDS_WEIGHT) * _cosines(pieces)


def _words_of(question: str, language: str) -> list[str]:
    spoken = detect_language(question) or language
    return [stemmed(word, spoken) for word in content_words(question, spoken)]


def _pieces_of(word: str) -> Iterable[str]:
    framed = f"{word} "
    ends = range(PIECE_LETTERS, len(framed) + 1)
    return [framed[end - PIECE_LETTERS : end] for end in ends] or [framed]


def _cosines(documents: Sequence[Sequence[str]]) -> Likeness:
    rows = [{_column_of(part) for part in one} for one in documents]
    counts = Counter(column for row in rows for column in row)
    places = {column: place for place, column in enumerate(counts)}
    vectors = np.zeros((len(rows), max(len(places), 1)), dtype=np.float32)
    for row, columns in enumerate(rows):
        for column in columns:
            vectors[row, places[column]] = log(
                (len(rows) + PRIOR_QUESTIONS) / (counts[column] + 0.5)
            )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(lengths == 0, 1, lengths)
    return np.asarray(vectors @ vectors.T, dtype=np.float32)


def _column_of(part: str) -> int:
    return crc32(part.encode()) % MOST_COLUMNS
