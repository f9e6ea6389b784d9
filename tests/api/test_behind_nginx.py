"""The operating guide's nginx configuration: streams flow, and nobody claims an address."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from api.routes.uploads import MAX_BODY_BYTES
from tests.administration import Administrator
from tests.answers import ASK, asking, new_key, text_of
from tests.conftest import SIGN_IN, START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient, Json
from tests.nginx import Nginx, nginx_in
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.nginx, pytest.mark.timeout(300)]

PIECES = ["Rome ", "was not ", "built ", "in a ", "day."]
SESSIONS = "{ sessions { ipAddress current } }"


@dataclass(frozen=True)
class Site:
    """A server with a public address, which is nginx's."""

    server: ServerProcess
    nginx: Nginx
    trusting: ssl.SSLContext


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with nginx_in(tmp_path_factory.mktemp("nginx")) as nginx:
        server = ServerProcess(
            tmp_path_factory.mktemp("behind"),
            PARLANCE_PUBLIC_URL=nginx.url,
            PARLANCE_TRUSTED_PROXIES="127.0.0.1",
        )
        try:
            server.start()
            nginx.start(server.port)
            yield Site(server, nginx, nginx.trusting())
        finally:
            server.stop()


@pytest_asyncio.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Requests to the public address."""
    async with httpx.AsyncClient(
        base_url=site.nginx.url, verify=site.trusting, trust_env=False, timeout=120
    ) as http:
        yield http


def over_websocket(visitor: GraphQLClient) -> AsyncGenerator[Json, None]:
    return asking(visitor, "Was it?")


async def over_sse(visitor: GraphQLClient) -> AsyncGenerator[Json, None]:
    given = {"text": "Was it?", "idempotencyKey": new_key()}
    async with aclosing(visitor.stream(ASK, {"input": given})) as stream:
        async for data in stream:
            yield data["ask"]


@pytest.mark.parametrize("ask", [over_sse, over_websocket])
async def test_each_piece_arrives_before_the_next_one_is_said(
    ask: Callable[[GraphQLClient], AsyncGenerator[Json, None]], site: Site
) -> None:
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        admin = await signed_in(
            site.server.url, site.server.admin_email, site.server.admin_password
        )
        embed_key = await Administrator(admin).chatbot_with_model(model.url)
        await admin.close()
        visitor = GraphQLClient(site.nginx.url, origin=site.nginx.url, trusting=site.trusting)
        data = await visitor.execute(START_VISIT, {"key": embed_key})
        visitor.token = data["startVisit"]["widgetToken"]
        events: list[Json] = []
        async with aclosing(ask(visitor)) as stream:
            for count in range(1, len(PIECES) + 1):
                said.say_next()
                while text_of(events) != "".join(PIECES[:count]):
                    events.append(await anext(stream))
        await visitor.close()


async def test_every_response_forbids_what_browsers_should_not_do(
    browser: httpx.AsyncClient,
) -> None:
    for path in ("/demo", "/embed/demo", "/healthz", "/nothing", "/schema.graphql", "/widget.js"):
        headers = (await browser.get(path)).headers
        assert headers["strict-transport-security"] == "max-age=31536000", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"], path
        assert "frame-ancestors" in headers["content-security-policy"], path


async def test_without_tls_there_is_only_the_way_to_tls_and_the_certificates_renewal(
    site: Site,
) -> None:
    renewal = site.nginx.challenges / ".well-known/acme-challenge/token"
    renewal.parent.mkdir(parents=True)
    renewal.write_text("proof")
    async with httpx.AsyncClient(base_url=site.nginx.http_url, trust_env=False) as http:
        sent_on = await http.get("/demo?a=1", headers={"host": "chat.example.com"})
        proof = await http.get("/.well-known/acme-challenge/token")
    assert (sent_on.status_code, sent_on.headers["location"]) == (
        301,
        "https://chat.example.com/demo?a=1",
    )
    assert "strict-transport-security" not in sent_on.headers
    assert proof.text == "proof"


async def test_an_address_that_a_visitor_claims_is_not_believed(
    site: Site, browser: httpx.AsyncClient
) -> None:
    account = {"email": site.server.admin_email, "password": site.server.admin_password}
    body: Json = {"query": SIGN_IN, "variables": account}
    claimed = {"x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7"}
    signed = (await browser.post("/graphql", json=body, headers=claimed)).json()
    bearer = {"authorization": f"Bearer {signed['data']['signIn']['accessToken']}"}
    told = (await browser.post("/graphql", json={"query": SESSIONS}, headers=bearer)).json()
    assert {one["ipAddress"] for one in told["data"]["sessions"] if one["current"]} == {"127.0.0.1"}


async def test_the_longest_request_reaches_parlance_and_its_own_refusal_comes_back(
    browser: httpx.AsyncClient,
) -> None:
    refused = await browser.post("/uploads", content=b"0" * MAX_BODY_BYTES)
    assert refused.headers["content-type"].startswith("application/json"), refused.text


async def test_figures_are_not_public(browser: httpx.AsyncClient) -> None:
    found = await browser.get("/metrics")
    assert (found.status_code, "nginx" in found.text) == (404, True)
