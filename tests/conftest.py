"""Fixtures of the whole suite: a real server per worker, and callers of each kind."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from documents.database.opening import attach_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.registry import DOCUMENT_CLASSES
from documents.users import Membership, RoleName, User
from services.accounts.passwords import hash_password
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) {
    ... on SignInSuccess { accessToken refreshToken }
    ... on UserError { code message }
  }
}
"""
START_VISIT = """
mutation ($key: String!) {
  startVisit(input: {embedKey: $key}) {
    ... on StartVisitSuccess { widgetToken visitorId }
    ... on UserError { code message }
  }
}
"""
CREATE_CLIENT = """
mutation ($slug: String!) {
  createClient(input: {slug: $slug, name: "A client"}) {
    ... on CreateClientSuccess { client { id } }
    ... on UserError { code message }
  }
}
"""
PASSWORD = "a long enough password"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess, None, None]:
    """A running server, shared by the tests of this worker. Do not kill this one."""
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Generator[ServerProcess, None, None]:
    """A server of the test's own, not started yet: to be killed, restarted, misconfigured."""
    process = ServerProcess(tmp_path / "data folder")
    yield process
    process.stop()


@pytest_asyncio.fixture
async def nobody(server: ServerProcess) -> AsyncGenerator[GraphQLClient, None]:
    """A caller without a token."""
    client = GraphQLClient(server.url)
    yield client
    await client.close()


async def signed_in(url: str, email: str, password: str) -> GraphQLClient:
    """A caller with an access token."""
    client = GraphQLClient(url)
    data = await client.execute(SIGN_IN, {"email": email, "password": password})
    client.token = data["signIn"]["accessToken"]
    return client


_ADMIN_TOKENS: dict[str, str] = {}
"""By the server's URL: bcrypt takes its time, once per server is enough."""


@pytest_asyncio.fixture
async def admin(server: ServerProcess) -> AsyncGenerator[GraphQLClient, None]:
    """The platform admin."""
    if server.url not in _ADMIN_TOKENS:
        client = await signed_in(server.url, server.admin_email, server.admin_password)
        _ADMIN_TOKENS[server.url] = client.token or ""
        await client.close()
    client = GraphQLClient(server.url, _ADMIN_TOKENS[server.url])
    yield client
    await client.close()


@pytest.fixture
def make_client(admin: GraphQLClient) -> Callable[..., Awaitable[str]]:
    """Makes a client (tenant) of its own for a test; gives its GraphQL id."""

    async def make(slug: str | None = None) -> str:
        wanted = slug or f"client-{secrets.token_hex(4)}"
        data = await admin.execute(CREATE_CLIENT, {"slug": wanted})
        client_id: str = data["createClient"]["client"]["id"]
        return client_id

    return make


@pytest_asyncio.fixture
async def person_of(
    server: ServerProcess,
) -> AsyncGenerator[Callable[[str, RoleName], Awaitable[GraphQLClient]], None]:
    """Makes a signed-in member of a client, by its slug and the role."""
    database = await attach_database(DatabaseOptions(mongodb_url=None, data_dir=server.data_dir))
    await prepare_documents(database, DOCUMENT_CLASSES)
    made: list[GraphQLClient] = []

    async def make(slug: str, role: RoleName) -> GraphQLClient:
        email = f"{role}-{secrets.token_hex(4)}@example.com"
        await User(
            email=email,
            full_name="A member",
            hashed_password=await hash_password(PASSWORD),
            memberships=[Membership(client_id=slug, role=role)],
        ).insert()
        client = await signed_in(server.url, email, PASSWORD)
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()
    await database.close()


@pytest_asyncio.fixture
async def visitor_of(
    server: ServerProcess,
) -> AsyncGenerator[Callable[[str], Awaitable[GraphQLClient]], None]:
    """Makes a visitor of a chatbot, by its embed key."""
    made: list[GraphQLClient] = []

    async def make(embed_key: str = "demo") -> GraphQLClient:
        client = GraphQLClient(server.url, origin=server.url)
        data = await client.execute(START_VISIT, {"key": embed_key})
        client.token = data["startVisit"]["widgetToken"]
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()
