"""Reads the corpus: what hostile code does, how it must end, and at which line.

A file has one attack after the other: `== name: verdict|verdict`, then the code. Without a
`def before_llm` it is put into one. The line that ends in #! is the one that must be told; #? marks
the likely one, where any line of the code is right.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "hostile"
_HEAD = "== "
#: Verdicts after which there is no line to tell: nothing in the code was running any more.
WITHOUT_LINE = frozenset({"ok", "bad_result", "output_limit"})


@dataclass(frozen=True)
class Attack:
    file: str
    name: str
    verdicts: frozenset[str]
    source: str
    line: int | None

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def attacks_of(file: Path) -> list[Attack]:
    parts = file.read_text().split("\n" + _HEAD)
    return [_attack(file.stem, part.removeprefix(_HEAD)) for part in parts]


def _attack(file: str, part: str) -> Attack:
    head, _, code = part.partition("\n")
    name, _, verdicts = head.rpartition(": ")
    source = code if "def before_llm" in code else _in_a_function(code)
    marked = [number for number, line in enumerate(source.split("\n"), 1) if line.endswith("#!")]
    return Attack(file, name, frozenset(verdicts.split("|")), source, marked[0] if marked else None)


def _in_a_function(code: str) -> str:
    body = "\n".join(f"    {line}" for line in code.strip("\n").split("\n"))
    return f"def before_llm(ctx, message):\n{body}\n"


ATTACKS = [attack for file in sorted(FOLDER.glob("*.txt")) for attack in attacks_of(file)]
