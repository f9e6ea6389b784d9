"""The questions of a `questions.tsv`, split into those for tuning and those for judging."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("questions.tsv")


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `sections` are `book:id`, none where the books do not answer it."""

    language: str
    kind: str
    sections: tuple[str, ...]
    text: str
    for_tuning: bool


def questions(file: Path = FILE) -> list[Question]:
    """All of them, in the order of the file."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        language, kind, sections, text = line.split("\t")
        number = seen[language, kind]
        seen[language, kind] += 1
        wanted = () if sections == "-" else tuple(sections.split(","))
        found.append(Question(language, kind, wanted, text, for_tuning=number % 2 == 0))
    return found
