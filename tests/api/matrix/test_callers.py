"""Everybody tries every operation: what becomes of it is what its row says."""

from collections.abc import Iterator

import pytest

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import outcome_of
from tests.api.matrix.row import Row
from tests.api.matrix.table import ROWS
from tests.api.matrix.world import Filling, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_everybody_gets_what_the_row_says(world: World, row: Row) -> None:
    surprises = []
    for caller, scope in tries(row):
        arguments = await Filling(world).filled(row.arguments)
        scopes = frozenset({scope}) if scope else None
        answer = await world.call(caller, row, arguments, scopes)
        wanted, got = row.expected.outcomes[caller], outcome_of(answer, row.operation)
        if got != wanted:
            surprises.append(f"{caller} {scope or ''}: {got} instead of {wanted}: {answer}")
    assert not surprises, f"{row}: see its row in tests/api/matrix/rows/"


def tries(row: Row) -> Iterator[tuple[Caller, str | None]]:
    """Everybody; an API key once with each scope that must do by itself."""
    for caller in row.callers:
        if caller is Caller.KEY:
            yield from ((caller, scope) for scope in sorted(row.expected.scopes))
        else:
            yield caller, None
