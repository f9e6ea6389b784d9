"""What a hook's author gets back: the result, what was printed, or what went wrong where."""

import pytest

from services.hooks.sandbox.calls import HookCall, HttpReply, HttpRequest
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.opened import outcome_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GREETING = """
def before_llm(ctx, message):
    print("asked:", message)
    return {"message": message.upper(), "tags": ctx["tags"] + ["seen"]}
"""


async def test_a_hook_gets_its_arguments_and_gives_a_result(sandbox: Sandbox) -> None:
    outcome = await outcome_of(sandbox, GREETING, ctx={"tags": ["new"]}, message="hello")
    assert outcome.verdict == "ok"
    assert outcome.result == {"message": "HELLO", "tags": ["new", "seen"]}
    assert outcome.prints == "asked: hello\n"
    assert outcome.problem is None
    assert outcome.cpu_ms > 0
    assert outcome.memory_mb > 0


async def test_the_check_names_the_functions_of_a_hook(sandbox: Sandbox) -> None:
    checked = await sandbox.check("def before_llm(ctx, message): ...\ndef other(): ...\n")
    assert checked.functions == {"before_llm", "other"}


async def test_an_error_is_told_with_the_line_and_its_neighbours(sandbox: Sandbox) -> None:
    source = "def before_llm(ctx, message):\n    order = {}\n    return order['number']\n"
    outcome = await outcome_of(sandbox, source)
    assert (outcome.verdict, outcome.problem, outcome.line) == ("raised", "KeyError: 'number'", 3)
    assert outcome.excerpt is not None
    assert ">    3 |     return order['number']" in outcome.excerpt
    assert "     2 |     order = {}" in outcome.excerpt


async def test_code_from_other_rules_is_to_be_checked_again(sandbox: Sandbox) -> None:
    outcome = await sandbox.run(HookCall(b"\0\3\0\0\0\0old", "before_llm", {}))
    assert outcome.verdict == "invalid_code"
    assert outcome.problem is not None
    assert "check it again" in outcome.problem


async def test_a_request_goes_through_the_door(sandbox: Sandbox) -> None:
    asked: list[HttpRequest] = []

    async def door(request: HttpRequest) -> HttpReply:
        asked.append(request)
        return HttpReply(200, {"content-type": "application/json"}, '{"state": "sent"}')

    source = """
def before_llm(ctx, message):
    reply = http_post("https://shop.example/orders", json={"n": 7}, headers={"X-Key": "k"})
    return {"message": reply.json()["state"], "state": {"ok": reply.ok, "status": reply.status}}
"""
    outcome = await outcome_of(sandbox, source, http=door)
    assert outcome.result == {"message": "sent", "state": {"ok": True, "status": 200}}
    (request,) = asked
    assert (request.method, request.url) == ("POST", "https://shop.example/orders")
    assert request.headers == {"Content-Type": "application/json", "X-Key": "k"}
    assert request.body == '{"n": 7}'


async def test_a_request_without_a_door_fails_where_it_can_be_caught(sandbox: Sandbox) -> None:
    source = """
def before_llm(ctx, message):
    try:
        http_get("https://shop.example")
    except HttpError as error:
        return {"message": str(error)}
"""
    outcome = await outcome_of(sandbox, source)
    assert outcome.result == {"message": "no requests can be made here"}
