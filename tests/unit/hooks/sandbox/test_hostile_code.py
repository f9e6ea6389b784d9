"""Hostile code of every class ends in the verdict that is meant for it, with its author's line."""

import pytest

from services.hooks.sandbox.calls import HookCall
from services.hooks.sandbox.options import RunLimits
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.attacks import ATTACKS, WITHOUT_LINE, Attack

#: A run's own limits, twice over: the machine that runs tests does other things as well.
GENEROUS_MS = 2 * 1000 * RunLimits().wall


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("attack", ATTACKS, ids=str)
async def test_an_attack_ends_as_it_must(sandbox: Sandbox, attack: Attack) -> None:
    checked = await sandbox.check(attack.source)
    if checked.compiled is None:
        assert "refused" in attack.verdicts, checked.issues
        assert checked.issues[0].line == attack.line
        assert all(issue.problem for issue in checked.issues)
        return
    call = HookCall(checked.compiled, "before_llm", {"ctx": {}, "message": "hello"})
    outcome = await sandbox.run(call)
    assert outcome.verdict in attack.verdicts, outcome
    assert outcome.wall_ms < GENEROUS_MS
    if outcome.verdict in WITHOUT_LINE:
        return
    assert outcome.problem
    assert outcome.line is not None, outcome
    if attack.line is not None:
        assert outcome.line == attack.line
    assert outcome.excerpt is not None
    assert f"> {outcome.line:>4} | " in outcome.excerpt


def test_there_are_attacks_of_every_class() -> None:
    assert len(ATTACKS) >= 150
    assert len({str(attack) for attack in ATTACKS}) == len(ATTACKS)
    verdicts = set().union(*(attack.verdicts for attack in ATTACKS))
    assert verdicts == {
        *("ok", "refused", "raised", "cpu_limit", "memory_limit", "output_limit", "bad_result"),
    }
