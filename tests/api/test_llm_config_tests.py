"""Test calls of LLM configs: what they tell, and what is said when there is no answer."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from documents.base import utc_now
from documents.database.database import Database
from documents.ids import PydanticObjectId
from graphql_schema.node import local_id
from tests.api.operations import Json, MakeClient, database_of, done, mutate, new_slug
from tests.graphql_clients import GraphQLClient
from tests.providers.byte_server import Answer, Packets, UntilClosed, byte_server
from tests.providers.dictation import Dictation, model_that_says
from tests.providers.recordings import WHOLE_TEXT, recorded
from tests.server_process import ServerProcess, free_port
from tests.unit.llm.asking import STREAMS

pytestmark = pytest.mark.timeout(400)

PROVIDERS = ("openai_compatible", "anthropic", "ollama")
KEY = "sk-a-key-that-must-not-show"
ANSWERED = """
text firstTokenMs totalMs inputTokens outputTokens cost { micros currency } estimated
"""
RETRY_AT = "... on RefusedError { retryAt } ... on InvalidInputError { issues { path } }"
PATIENCE_SECONDS = 300
JSON = {"content-type": "application/json"}
COUNTED = ("conversations", "messages", "visits", "visitors", "usage_events")


def answering(provider: str) -> Answer:
    kind = "application/x-ndjson" if provider == "ollama" else "text/event-stream"
    packets = Packets(recorded(STREAMS[provider]))
    return Answer((packets,), headers={"content-type": kind})


def complaining(status: int, words: str = "no", **headers: str) -> Answer:
    body = f'{{"error": {{"type": "some_error", "message": "{words}"}}}}'.encode()
    return Answer((Packets(body),), status=status, headers=JSON | headers)


async def config_of(admin: GraphQLClient, provider: str, url: str, **more: object) -> Json:
    """A config of the platform's, which may be on loopback."""
    address = f"{url}/v1" if provider.startswith("openai") else url
    given = {"name": new_slug(), "provider": provider.upper(), "model": "a-model"}
    given |= {"apiUrl": address, "apiKey": KEY}
    made = await done(admin, "createLlmConfig", given | more, "llmConfig { id }")
    config: Json = made["llmConfig"]
    return config


async def outcome_of_call(caller: GraphQLClient, config: Json, **more: object) -> Json:
    """The result of a test call, once the server has loaded the provider's package."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            given = {"id": config["id"], **more}
            result = await mutate(caller, "testLlmConfig", given, ANSWERED, RETRY_AT)
            if "still loading" not in result.get("message", ""):
                return result


async def all_is_counted(database: Database) -> None:
    """Wait until what other tests have asked is told and counted, which happens behind."""
    waiting = {"messages": "end_untold_since", "usage_events": "uncounted_since"}
    async with asyncio.timeout(60):
        for name, since in waiting.items():
            while await database.database[name].find_one({since: {"$type": "date"}}):  # noqa: ASYNC110 - MongoDB has no event for it
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_answer_comes_with_its_speed_its_tokens_and_its_price_and_leaves_nothing(
    name: str, admin: GraphQLClient, server: ServerProcess
) -> None:
    prices = {"inputCostPer1kTokens": "0.5", "outputCostPer1kTokens": "1.5", "maxTokens": 5000}
    async with byte_server(answering(name)) as provider, database_of(server) as database:
        await all_is_counted(database)
        stored = [await database.database[each].count_documents({}) for each in COUNTED]
        config = await config_of(admin, name, provider.url, **prices)
        result = await outcome_of_call(admin, config, prompt="Wie geht es?")
        after = [await database.database[each].count_documents({}) for each in COUNTED]
        asked = [one.json() for one in provider.requests]
    assert result["text"] == WHOLE_TEXT, result
    assert 0 <= result["firstTokenMs"] <= result["totalMs"]
    counted = Decimal(result["inputTokens"]) / 2 + Decimal(result["outputTokens"]) * 3 / 2
    assert int(result["cost"]["micros"]) == round(counted * 1000) > 0
    assert result["cost"]["currency"] == "USD"
    assert stored == after
    assert len(asked) == 1, "one question, never repeated"
    assert "Wie geht es?" in str(asked[0]["messages"])
    assert "1024" in str(asked[0])
    assert "5000" not in str(asked[0])
    assert KEY not in server.log


async def test_what_a_provider_does_not_count_is_estimated(admin: GraphQLClient) -> None:
    said = Dictation(["Rome, ", "of course."])
    said.say_the_rest()
    async with model_that_says(said) as provider:
        config = await config_of(
            admin, "openai_compatible", provider.url, outputCostPer1kTokens="1"
        )
        result = await outcome_of_call(admin, config)
    assert result["estimated"] is True
    assert (result["inputTokens"], result["outputTokens"]) == (8, 4)
    assert int(result["cost"]["micros"]) == 4000


async def test_the_built_in_model_answers_a_test_too_also_when_it_is_switched_off(
    admin: GraphQLClient,
) -> None:
    given: dict[str, object] = {"name": new_slug(), "provider": "LOCAL", "model": ""}
    config = (await done(admin, "createLlmConfig", given, "llmConfig { id }"))["llmConfig"]
    await done(admin, "updateLlmConfig", {"id": config["id"], "active": False}, "llmConfig { id }")
    result = await outcome_of_call(admin, config)
    assert result["text"]
    assert (result["inputTokens"], result["outputTokens"], result["estimated"]) == (0, 0, False)


FAULTS = {
    "key refused": (complaining(401, f"Incorrect API key: {KEY}"), "The provider refuses the key."),
    "no right": (complaining(403), "The provider refuses the key."),
    "unknown model": (complaining(404), "The provider does not know the model 'a-model'"),
    "bad request": (complaining(400), "The provider refuses the request."),
    "throttled": (complaining(429, **{"retry-after": "7"}), "The provider takes no more calls"),
    "broken": (complaining(500), "The provider itself failed."),
    "silent": (Answer((UntilClosed(),)), "Nothing of an answer came in time"),
    "malformed": (
        Answer((Packets(b"event: message_start\ndata: {oops\n\n"),)),
        "What came is not what this provider sends.",
    ),
}


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_what_goes_wrong_is_said_with_what_to_do_and_without_the_key(
    fault: str, name: str, admin: GraphQLClient, server: ServerProcess
) -> None:
    answer, advice = FAULTS[fault]
    async with byte_server(answer) as provider:
        config = await config_of(admin, name, provider.url, firstTokenTimeoutMs=500)
        result = await outcome_of_call(admin, config)
        assert len(provider.requests) == 1
    assert result["code"] == "UPSTREAM_FAILED", result
    assert result["message"].startswith(advice)
    assert KEY not in result["message"]
    assert KEY not in server.log
    if fault == "throttled":
        left = datetime.fromisoformat(result["retryAt"]) - utc_now()
        assert timedelta(0) < left <= timedelta(seconds=7)
    else:
        assert result["retryAt"] is None


async def test_an_address_where_nobody_answers_is_said(admin: GraphQLClient) -> None:
    config = await config_of(admin, "ollama", f"http://127.0.0.1:{free_port()}")
    result = await outcome_of_call(admin, config)
    assert result["message"].startswith("Nobody answers at the address."), result


async def test_an_answer_without_end_is_cut_off(admin: GraphQLClient) -> None:
    said = Dictation(["x" * 15_000] * 2)
    said.say_the_rest()
    async with model_that_says(said) as provider:
        config = await config_of(admin, "openai_compatible", provider.url)
        result = await outcome_of_call(admin, config)
    assert (result["code"], "without end" in result["message"]) == ("UPSTREAM_FAILED", True)


async def test_a_clients_config_reaches_no_private_address_however_it_got_there(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    given = {"clientId": await make_client(), "name": new_slug(), "provider": "ANTHROPIC"}
    given |= {"model": "a-model", "apiKey": KEY}
    config = (await done(admin, "createLlmConfig", given, "llmConfig { id }"))["llmConfig"]
    async with byte_server(answering("anthropic")) as provider:
        async with database_of(server) as database:
            which = {"_id": PydanticObjectId(local_id(config["id"], "LlmConfig"))}
            there = {"$set": {"api_url": provider.url.replace("http:", "https:")}}
            await database.database["llm_configs"].update_one(which, there)
        result = await outcome_of_call(admin, config)
        assert provider.connections == 0
    assert (result["code"], result["path"]) == ("UNSAFE_ADDRESS", ["input", "id"])
    assert result["message"].startswith("The address may not be called.")


@pytest.mark.parametrize("prompt", ["", "  ", "x" * 2_001, "\x00"])
async def test_a_prompt_that_is_none_is_refused(admin: GraphQLClient, prompt: str) -> None:
    given: dict[str, object] = {"name": new_slug(), "provider": "LOCAL", "model": ""}
    config = (await done(admin, "createLlmConfig", given, "llmConfig { id }"))["llmConfig"]
    result = await outcome_of_call(admin, config, prompt=prompt)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "prompt"])
