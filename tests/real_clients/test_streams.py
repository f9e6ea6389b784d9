"""graphql-ws, graphql-sse and urql's own event streams by themselves: how they begin and end."""

import secrets
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.api.operations import PersonOf, VisitorOf
from tests.api.test_operations import SIGN_OUT
from tests.graphql_clients import Json
from tests.real_clients.conftest import Spoken
from tests.real_clients.node_program import NodeProgram, node_program
from tests.server_process import ServerProcess


def question() -> Json:
    return {"text": "What is Parlance?", "idempotencyKey": secrets.token_hex(8)}


Told = list[tuple[str, Any]]


async def on_socket(project: Path, server: ServerProcess, token: str, **given: object) -> Told:
    """Everything that graphql-ws has to tell of one subscription."""
    async with socket_program(project, server, token, **given) as program:
        await program.everything()
        return program.told[:-1]


def socket_program(
    project: Path, server: ServerProcess, token: str | None, **given: object
) -> AbstractAsyncContextManager[NodeProgram]:
    """graphql-ws with a question, or with whatever is given."""
    wanted = {"variables": {"input": question()}, "retryAttempts": 2}
    usual = {"server": server.url, "origin": server.url, "token": token, **wanted}
    return node_program(project, "sockets", **{**usual, **given})


async def test_graphql_ws_asks_and_sees_every_event_in_order(
    project: Path, server: ServerProcess, visitor_of: VisitorOf
) -> None:
    told = await on_socket(project, server, (await visitor_of()).token or "")
    events = [event for kind, event in told if kind == "event"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["__typename"] == "AnswerStarted"
    assert events[-1]["__typename"] == "AnswerCompleted"
    assert told[-2:] == [("completed", None), ("closed", 1000)]


async def test_a_refused_token_is_not_tried_again(project: Path, server: ServerProcess) -> None:
    once = await on_socket(project, server, "no token of ours")
    assert once == [("closed", 4403), ("error", 4403)]

    stubborn = await on_socket(project, server, "no token of ours", retryAll=True)
    assert stubborn == [("closed", 4403)] * 3 + [("error", 4403)], "what the guide spares us"


async def test_a_faulty_document_gets_an_error_and_not_the_socket(
    project: Path, server: ServerProcess, visitor_of: VisitorOf
) -> None:
    wrong = {"input": {**question(), "text": 1}}
    told = await on_socket(project, server, (await visitor_of()).token or "", variables=wrong)
    assert told == [("error", ["BAD_USER_INPUT"]), ("closed", 1000)]


async def test_a_token_that_ends_is_told_to_the_subscription_and_closes_the_socket(
    project: Path, server: ServerProcess, dictated: Spoken, person_of: PersonOf
) -> None:
    _, message_id = dictated
    leaving = await person_of("demo", "viewer")
    follow = {"follow": True, "variables": {"messageId": message_id}}
    async with socket_program(project, server, leaving.token, **follow, stay=True) as program:
        await program.hear("event")
        await leaving.execute(SIGN_OUT)
        await program.everything()

    assert program.told[-3:-1] == [("error", ["TOKEN_REVOKED"]), ("closed", 4401)]


@pytest.mark.parametrize("good", [True, False], ids=["a good token", "a token that is none"])
async def test_graphql_sse_and_urql_read_the_same_events(
    project: Path,
    server: ServerProcess,
    visitor_of: VisitorOf,
    good: bool,
) -> None:
    visitor = await visitor_of()
    token = visitor.token if good else "no token of ours"
    async with node_program(
        project,
        "events",
        server=server.url,
        origin=server.url,
        token=token,
        question=question(),
    ) as program:
        told = await program.everything()

    assert told["graphql-sse"] == told["urql"]
    if good:
        assert told["urql"][0] == "AnswerStarted"
        assert told["urql"][-1] == "AnswerCompleted"
    else:
        assert told["urql"] == ["UNAUTHENTICATED"]
