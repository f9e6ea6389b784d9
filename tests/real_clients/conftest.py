"""The guide's project, built once per worker, and a network that a test can cut."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from services.accounts.access_tokens import AccessTokens
from services.sealing.keys import DerivedKeys
from tests.administration import Administrator
from tests.answers import asking
from tests.api.operations import VisitorOf
from tests.api.test_operations import whose
from tests.browser.relay import Relay, relay_to
from tests.graphql_clients import GraphQLClient, Json
from tests.providers.dictation import Dictation, model_that_says
from tests.real_clients.guide_project import (
    check_types,
    compile_for_relay,
    generate_types,
    lay_out,
)
from tests.server_process import ServerProcess

SESSION = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) {
    ... on SignInSuccess { accessToken refreshToken expiresAt }
  }
}
"""


async def session_of(server: ServerProcess, **lifetime: float) -> Json:
    """What the guide's page keeps of a sign-in; with a lifetime, its access token is another."""
    caller = GraphQLClient(server.url)
    given = {"email": server.admin_email, "password": server.admin_password}
    session: Json = (await caller.execute(SESSION, given))["signIn"]
    caller.token = session["accessToken"]
    await caller.close()
    if lifetime:
        keys = DerivedKeys((server.data_dir / "secret.key").read_text())
        tokens = AccessTokens(keys, timedelta(**lifetime))
        session["accessToken"], _ = tokens.issue(*whose(caller))
    return session


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the guide with everything that its tools make."""
    folder = tmp_path_factory.mktemp("guide")
    lay_out(folder)
    generate_types(folder)
    check_types(folder)
    compile_for_relay(folder)
    return folder


@pytest_asyncio.fixture
async def network(server: ServerProcess) -> AsyncIterator[Relay]:
    """A way to the server that can be cut."""
    address = urlsplit(server.url)
    async with relay_to(address.hostname or "", address.port or 0) as relay:
        yield relay


Spoken = tuple[Dictation, str]


@pytest_asyncio.fixture
async def dictated(admin: GraphQLClient, visitor_of: VisitorOf) -> AsyncIterator[Spoken]:
    """An answer under way, of which nothing was said yet, and its id."""
    said = Dictation(["One, ", "two, ", "three, ", "four."])
    async with model_that_says(said) as model:
        visitor = await visitor_of(await Administrator(admin).chatbot_with_model(model.url))
        async with aclosing(asking(visitor, "Can you count?")) as stream:
            yield said, (await anext(stream))["messageId"]
            said.say_the_rest()
            _ = [event async for event in stream]
