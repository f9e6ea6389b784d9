"""A second server for the tests of the API: one that runs as in production."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from tests.api.operations import ALL_SCOPES, KeyOf, new_key
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

METRICS_TOKEN = "a-token-for-prometheus"
DASHBOARD = "https://dashboard.example.com"
DASHBOARD_URL = f"{DASHBOARD}/account"


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess, None, None]:
    """A server to which pages on this machine are strangers, without the demo, behind a proxy."""
    process = ServerProcess(
        tmp_path_factory.mktemp("production"),
        PARLANCE_ENVIRONMENT="production",
        PARLANCE_DEMO="false",
        PARLANCE_METRICS_TOKEN=METRICS_TOKEN,
        PARLANCE_TRUSTED_PROXIES="127.0.0.1",
        PARLANCE_DASHBOARD_ORIGINS=f'["{DASHBOARD}"]',
        PARLANCE_DASHBOARD_URL=DASHBOARD_URL,
    )
    process.start()
    yield process
    process.stop()


@pytest_asyncio.fixture
async def production_admin(production: ServerProcess) -> AsyncGenerator[GraphQLClient, None]:
    """The platform's admin there."""
    admin = await signed_in(production.url, production.admin_email, production.admin_password)
    yield admin
    await admin.close()


@pytest_asyncio.fixture
async def key_of(server: ServerProcess, admin: GraphQLClient) -> AsyncGenerator[KeyOf, None]:
    """Makes a caller with an API key of a client, by the client's id and the key's scopes."""
    made: list[GraphQLClient] = []

    async def make(client_id: str, *scopes: str) -> GraphQLClient:
        secret = (await new_key(admin, client_id, scopes=list(scopes or ALL_SCOPES)))["secret"]
        caller = GraphQLClient(server.url, secret)
        made.append(caller)
        return caller

    yield make
    for caller in made:
        await caller.close()
