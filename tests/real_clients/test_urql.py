"""A visitor's chat on urql, as the guide builds it, over both kinds of stream."""

import secrets
from pathlib import Path

import pytest

from tests.administration import Administrator
from tests.browser.relay import Relay
from tests.graphql_clients import GraphQLClient
from tests.providers.dictation import Dictation, model_that_says
from tests.real_clients.node_program import node_program
from tests.server_process import ServerProcess


@pytest.mark.parametrize("way", ["socket", "events"])
async def test_a_chat_shows_an_answer_through_a_lost_connection(
    project: Path, server: ServerProcess, network: Relay, admin: GraphQLClient, way: str
) -> None:
    said = Dictation(["One, ", "two, ", "three, ", "four."])
    async with model_that_says(said) as model:
        embed_key = await Administrator(admin).chatbot_with_model(model.url)
        async with node_program(
            project,
            "chat",
            server=network.url,
            origin=server.url,
            way=way,
            embedKey=embed_key,
            question={"text": "Can you count?", "idempotencyKey": secrets.token_hex(8)},
        ) as chat:
            said.say_next()
            await chat.hear("text", lambda text: text == "One, ")
            network.cut()
            said.say_next()
            await network.refused.wait()
            said.say_next()
            network.mend()
            await chat.hear("text", lambda text: text == "One, two, three, ")
            said.say_next()
            told = await chat.everything()
        assert len(model.requests) == 1, "the question was asked once"

    assert told["unknown chatbot"]["code"] == "NOT_FOUND"
    assert told["visit"] == "StartVisitSuccess"
    assert told["answer"] == "One, two, three, four."
