"""The documents that every version so far has written, in `documents.jsonl`, each shape once.

A line has how many migrations there were when its shape first appeared. Nothing is ever taken out;
`python -m tests.stored` adds what the classes of today write.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson import ObjectId, json_util

FILE = Path(__file__).parent / "documents.jsonl"
UNIQUE = "§"

Stored = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """One document as it was stored."""

    migrations: int
    collection: str
    document: Stored


def kept_documents() -> list[Kept]:
    """All of them, the oldest first."""
    return [Kept(**json_util.loads(line)) for line in FILE.read_text().splitlines()]


def not_kept(found: Iterable[Kept]) -> list[Kept]:
    """Those whose shape is not there yet, each shape once."""
    known = {_line_without_age(one) for one in kept_documents()}
    new = {_line_without_age(one): one for one in found}
    return [one for shape, one in new.items() if shape not in known]


def keep(found: Iterable[Kept]) -> int:
    """Adds those that are not there yet; how many that were."""
    added = not_kept(found)
    with FILE.open("a") as file:
        file.writelines(f"{_line(one)}\n" for one in added)
    return len(added)


def made_unique(value: Any, number: int) -> Any:
    """The same value with texts and ids that no document of another number has."""
    if isinstance(value, str):
        return value.replace(UNIQUE, str(number))
    if isinstance(value, ObjectId):
        return ObjectId(hashlib.sha256(f"{value}/{number}".encode()).hexdigest()[:24])
    if isinstance(value, dict):
        pairs = value.items()
        return {made_unique(key, number): made_unique(one, number) for key, one in pairs}
    if isinstance(value, list):
        return [made_unique(one, number) for one in value]
    return value


def _line(one: Kept) -> str:
    as_json = json_util.dumps(vars(one), json_options=json_util.RELAXED_JSON_OPTIONS)
    return json.dumps(json.loads(as_json), separators=(",", ":"), ensure_ascii=False)


def _line_without_age(one: Kept) -> str:
    return _line(Kept(0, one.collection, one.document))
