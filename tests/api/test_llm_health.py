"""Who runs chatbots sees that a model is out of order, and that it works again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest_asyncio

from tests.administration import Administrator
from tests.answers import asked, text_of
from tests.api.operations import Json, done, new_slug
from tests.conftest import CREATE_CLIENT, START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient
from tests.providers.byte_server import byte_server
from tests.providers.dictation import FAILURE, speaking
from tests.server_process import ServerProcess

METRICS_TOKEN = "a-token-for-prometheus"
PATIENCE_S = 60.0
HEALTH = """
subscription ($client: ID) {
  llmHealth(clientId: $client) { leftAlone { id name health { state since retryAt problem } } }
}
"""
ONE = "query ($id: ID!) { llmConfig(id: $id) { health { state problem } } }"


@pytest_asyncio.fixture
async def watched(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server whose metrics may be read."""
    server = ServerProcess(tmp_path / "data", PARLANCE_METRICS_TOKEN=METRICS_TOKEN)
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


@pytest_asyncio.fixture
async def operator(watched: ServerProcess) -> AsyncIterator[GraphQLClient]:
    admin = await signed_in(watched.url, watched.admin_email, watched.admin_password)
    yield admin
    await admin.close()


async def left_alone(operator: GraphQLClient, **of: str) -> AsyncGenerator[list[Json], None]:
    """The reports of `llmHealth`."""
    async with aclosing(operator.subscribe(HEALTH, of)) as results:
        async for data in results:
            yield data["llmHealth"]["leftAlone"]


async def metrics_of(server: ServerProcess) -> list[str]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as prometheus:
        bearer = {"authorization": f"Bearer {METRICS_TOKEN}"}
        return (await prometheus.get("/metrics", headers=bearer)).text.splitlines()


def value_of(metrics: list[str], name: str, *parts: str) -> float:
    """The value of the one row of a metric that has these parts."""
    [row] = [
        row for row in metrics if row.startswith(f"{name}{{") and all(one in row for one in parts)
    ]
    return float(row.rpartition(" ")[2])


async def test_a_model_out_of_order_is_seen_in_the_live_report_and_in_the_metrics(
    watched: ServerProcess, operator: GraphQLClient
) -> None:
    visitor = GraphQLClient(watched.url, origin=watched.url)
    async with (
        asyncio.timeout(PATIENCE_S),
        byte_server(FAILURE) as broken,
        byte_server(speaking(["It works."], 0)) as working,
        aclosing(left_alone(operator)) as reports,
    ):
        assert await anext(reports) == []
        config = await Administrator(operator).llm_config(
            "Shaky", "OPENAI_COMPATIBLE", f"{broken.url}/v1"
        )
        chatbot = await Administrator(operator).chatbot_of_config(config)
        started = (await visitor.execute(START_VISIT, {"key": chatbot}))["startVisit"]
        visitor.token = started["widgetToken"]
        for _ in range(6):
            assert (await asked(visitor, "Hello?"))[-1]["code"] == "PROVIDER_FAILED"
        assert len(broken.requests) == 5, "the sixth was spared"

        [shaky] = await anext(reports)
        assert (shaky["id"], shaky["health"]["state"]) == (config, "LEFT_ALONE")
        assert "503" in shaky["health"]["problem"]
        assert shaky["health"]["retryAt"] > shaky["health"]["since"]
        metrics = await metrics_of(watched)
        assert value_of(metrics, "parlance_llm_failures_total", "Shaky", 'kind="server"') == 5
        assert value_of(metrics, "parlance_llm_failures_total", "Shaky", 'kind="skipped"') == 1
        assert value_of(metrics, "parlance_llm_left_alone", "Shaky") == 1

        mended = {"id": config, "apiUrl": f"{working.url}/v1"}
        await done(operator, "updateLlmConfig", mended, "llmConfig { health { state } }")
        assert await anext(reports) == []
        assert text_of(await asked(visitor, "Hello?")) == "It works."
        metrics = await metrics_of(watched)
        assert value_of(metrics, "parlance_llm_answers_total", "Shaky") == 1
        assert value_of(metrics, "parlance_llm_left_alone", "Shaky") == 0
        assert value_of(metrics, "parlance_llm_answering", "Shaky") == 0
    await visitor.close()


async def test_what_a_platforms_provider_said_is_for_platform_admins(
    watched: ServerProcess, operator: GraphQLClient
) -> None:
    async with byte_server(FAILURE) as broken:
        config = await Administrator(operator).llm_config(
            "Shaky", "OPENAI_COMPATIBLE", f"{broken.url}/v1"
        )
        chatbot = await Administrator(operator).chatbot_of_config(config)
        visitor = GraphQLClient(watched.url, origin=watched.url)
        started = (await visitor.execute(START_VISIT, {"key": chatbot}))["startVisit"]
        visitor.token = started["widgetToken"]
        for _ in range(5):
            await asked(visitor, "Hello?")
    client_id = (await operator.execute(CREATE_CLIENT, {"slug": new_slug()}))["createClient"][
        "client"
    ]["id"]
    made = await done(
        operator,
        "createApiKey",
        {"clientId": client_id, "name": "Dashboard", "scopes": ["CHATBOTS_READ"]},
        "secret",
    )
    dashboard = GraphQLClient(watched.url, made["secret"])
    seen = {}
    for caller, name in ((operator, "admin"), (dashboard, "key")):
        seen[name] = (await caller.execute(ONE, {"id": config}))["llmConfig"]["health"]
    assert seen["key"] == {"state": "LEFT_ALONE", "problem": None}
    assert "503" in seen["admin"]["problem"]
    async with aclosing(left_alone(dashboard, client=client_id)) as reports:
        [shaky] = await anext(reports)
    assert shaky["health"]["problem"] is None
    await dashboard.close()
    await visitor.close()
