"""Requests of hooks: the sandbox counts them, holds their deadline, and cuts what is too long."""

import asyncio

import pytest

from services.hooks.sandbox.calls import HttpReply, HttpRequest
from services.hooks.sandbox.options import LONGEST_REPLY_BYTES, RunLimits, SandboxOptions
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.opened import opened, outcome_of

ASK = """
def before_llm(ctx, message):
    told = []
    for number in range(ctx["times"]):
        try:
            told.append(http_get("https://a.example/" + str(number)).text[:10])
        except HttpError as error:
            told.append(str(error))
    return {"tags": told}
"""


async def answering(request: HttpRequest) -> HttpReply:
    return HttpReply(200, {}, request.url)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_has_five_requests(sandbox: Sandbox) -> None:
    outcome = await outcome_of(sandbox, ASK, http=answering, ctx={"times": 7}, message="")
    assert outcome.result is not None
    assert outcome.result["tags"] == [
        *["https://a."] * 5,
        *["a run may make 5 requests"] * 2,
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_reply_that_is_too_long_is_an_error(sandbox: Sandbox) -> None:
    async def long(_request: HttpRequest) -> HttpReply:
        return HttpReply(200, {}, "x" * (LONGEST_REPLY_BYTES + 1))

    outcome = await outcome_of(sandbox, ASK, http=long, ctx={"times": 1}, message="")
    assert outcome.result == {"tags": ["the reply is longer than 256 KB"]}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_whole_reply_of_the_longest_kind_arrives(sandbox: Sandbox) -> None:
    async def longest(_request: HttpRequest) -> HttpReply:
        return HttpReply(200, {}, "ä" * (LONGEST_REPLY_BYTES // 2))

    source = """
def before_llm(ctx, message):
    return {"state": {"n": len(http_get("https://a.example").text)}}
"""
    outcome = await outcome_of(sandbox, source, http=longest)
    assert outcome.result == {"state": {"n": LONGEST_REPLY_BYTES // 2}}


@pytest.mark.asyncio(loop_scope="module")
async def test_the_error_of_a_door_reaches_the_hook(sandbox: Sandbox) -> None:
    async def closed(_request: HttpRequest) -> HttpReply:
        return HttpReply(0, {}, "", "the host a.example is not on the list")

    outcome = await outcome_of(sandbox, ASK, http=closed, ctx={"times": 1}, message="")
    assert outcome.result == {"tags": ["the host a.example is not on the list"]}


async def test_requests_have_a_deadline_that_is_not_the_hooks_own() -> None:
    asked = asyncio.Event()

    async def hanging(_request: HttpRequest) -> HttpReply:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    # the time of requests is longer than the wall: it must not count there
    limits = RunLimits(wall=1.0, requests=1.5)
    async with opened(SandboxOptions(most_at_once=1, limits=limits)) as sandbox:
        outcome = await outcome_of(sandbox, ASK, http=hanging, ctx={"times": 2}, message="")
    assert asked.is_set()
    assert outcome.verdict == "ok", outcome
    assert outcome.result == {"tags": ["the requests of a run have 1.5 seconds together"] * 2}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("failure", [ValueError, ConnectionResetError, RuntimeError])
async def test_a_door_that_fails_is_held_against_nobody(
    sandbox: Sandbox, failure: type[Exception]
) -> None:
    async def failing(_request: HttpRequest) -> HttpReply:
        raise failure

    restarts = sandbox.restarts
    outcome = await outcome_of(sandbox, ASK, http=failing, ctx={"times": 1}, message="")
    assert outcome.verdict == "ok", outcome
    assert outcome.result == {"tags": ["the request could not be made"]}
    assert sandbox.restarts == restarts


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "asking",
    [
        r'http_get("https://a.example/\ud800")',
        r'http_post("https://a.example", body="\udfff")',
        r'http_get("https://a.example", headers={"x": "\ud800"})',
    ],
)
async def test_half_a_character_in_a_request_is_an_error_that_a_hook_may_catch(
    sandbox: Sandbox, asking: str
) -> None:
    source = f"""
def before_llm(ctx, message):
    try:
        {asking}
    except HttpError as error:
        return {{"message": str(error)}}
"""
    outcome = await outcome_of(sandbox, source, http=answering)
    assert outcome.result == {
        "message": "the address, the headers or the body hold half a character"
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_half_a_character_in_a_reply_is_replaced(sandbox: Sandbox) -> None:
    async def halved(_request: HttpRequest) -> HttpReply:
        return HttpReply(0, {}, "", "no such host: \udcff")

    outcome = await outcome_of(sandbox, ASK, http=halved, ctx={"times": 1}, message="")
    assert outcome.result == {"tags": ["no such host: ?"]}


async def test_clients_with_slow_hosts_hold_nobody_else_up() -> None:
    asked = asyncio.Semaphore(0)

    async def hanging(_request: HttpRequest) -> HttpReply:
        asked.release()
        await asyncio.Event().wait()
        raise AssertionError

    patient = RunLimits(requests=60.0)
    options = SandboxOptions(most_at_once=2, most_per_client=1, limits=patient)
    asking, other = ASK, "def before_llm(ctx, message):\n    return {'message': 'done'}\n"
    async with opened(options) as sandbox:
        slow = [
            asyncio.create_task(
                outcome_of(
                    sandbox, asking, http=hanging, client_id=name, ctx={"times": 1}, message=""
                )
            )
            for name in ("slow", "slower")
        ]
        for _ in slow:
            await asked.acquire()
        outcome = await outcome_of(sandbox, other, client_id="quick")
        assert outcome.result == {"message": "done"}, outcome
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)
