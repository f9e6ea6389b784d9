"""What hooks are for works as Python people expect it."""

import json
from pathlib import Path

import pytest

from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.opened import outcome_of


def hooks() -> list[tuple[str, str, str]]:
    """Name, expected result as JSON, and source of each hook in the file."""
    parts = Path(__file__).with_name("ordinary.txt").read_text().split("\n== ")
    rows = []
    for part in parts:
        head, _, source = part.removeprefix("== ").partition("\n")
        name, _, expected = head.partition(": ")
        rows.append((name, expected, source))
    return rows


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("name", "expected", "source"), hooks(), ids=[row[0] for row in hooks()])
async def test_an_ordinary_hook_runs(
    sandbox: Sandbox, name: str, expected: str, source: str
) -> None:
    outcome = await outcome_of(sandbox, source)
    assert outcome.verdict == "ok", outcome
    assert outcome.result == json.loads(expected)
