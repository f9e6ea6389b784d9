"""What the policy lets through is looked at again, and long code is refused for what it is."""

import ast

import pytest

from services.hooks.sandbox.inside.rewritten import left_open
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.opened import outcome_of


@pytest.mark.parametrize(
    "code", ["x.y", "x[0]", "import os", "from os import path", "class A: pass", "__import__", "_x"]
)
def test_what_no_guard_sees_is_found_in_rewritten_code(code: str) -> None:
    assert left_open(ast.parse(code))


@pytest.mark.asyncio(loop_scope="module")
async def test_everyday_names_of_absent_functions_may_be_used_for_values(sandbox: Sandbox) -> None:
    source = """
def before_llm(ctx, message):
    id, type, input = 1, "a", [2]
    return {"message": str(id) + type + str(input)}
"""
    outcome = await outcome_of(sandbox, source)
    assert outcome.result == {"message": "1a[2]"}


@pytest.mark.asyncio(loop_scope="module")
async def test_code_may_grow_while_it_is_rewritten(sandbox: Sandbox) -> None:
    lines = "\n".join([" a[0]+=1"] * 6_900)
    source = f"def before_llm(ctx, message):\n a = [0]\n{lines}\n return None\n"
    checked = await sandbox.check(source)
    assert checked.compiled is not None, checked.issues
    assert len(checked.compiled) > 1024 * 1024


@pytest.mark.asyncio(loop_scope="module")
async def test_empty_prints_are_no_noise(sandbox: Sandbox) -> None:
    source = """
def before_llm(ctx, message):
    for _ in range(12000):
        print("", end="")
    print("done")
"""
    outcome = await outcome_of(sandbox, source)
    assert outcome.verdict == "ok", outcome
    assert outcome.prints == "done\n"


@pytest.mark.asyncio(loop_scope="module")
async def test_lines_are_counted_as_the_parser_counts_them(sandbox: Sandbox) -> None:
    source = 'def before_llm(ctx, message):\n    x = "\x0c\u2028"\n    return 1 / 0\n'
    outcome = await outcome_of(sandbox, source)
    assert outcome.line == 3
    assert outcome.excerpt is not None
    assert ">    3 |     return 1 / 0" in outcome.excerpt


DOES = "\ndef after_llm(ctx, message, answer):\n    return None\n"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("declared", "appends"),
    [
        ('AFTER_LLM = "append"', True),
        ("import json\nAFTER_LLM='append'  # answers stream", True),
        ("", False),
        ('AFTER_LLM = "rewrite"', False),
        ('AFTER_LLM = "app" + "end"', False),
        ('if True:\n    AFTER_LLM = "append"', False),
        ('AFTER_LLM = "append"\nAFTER_LLM = "rewrite"', False),
        ('"""Not so:\nAFTER_LLM = "append"\n"""', False),
    ],
)
async def test_what_after_llm_does_is_declared_by_a_line_of_its_own(
    sandbox: Sandbox, declared: str, appends: bool
) -> None:
    checked = await sandbox.check(declared + DOES)
    assert checked.compiled is not None, checked.issues
    assert checked.appends is appends
