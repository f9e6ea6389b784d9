"""Pages of 100 chatbots x 15 fields per CPU-second: ours, stock Beanie + Strawberry, raw REST.

All servers read the same documents from the same MongoDB, the one that the product has started.
They take turns in every round, so that a busy machine touches all of them alike; the medians are
compared. What counts is the CPU time of the server process: mongod and the client run beside it.
"""

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import orjson

from benchmarks.product_server import SignedIn, running_product_server, sign_in
from benchmarks.server_process import Server, running_server
from documents.database.folder import DatabaseFolder
from graphql_schema.node import local_id

PAGE = 100
FIELDS = 15
CALLERS = 4
"""Requests under way at the same time, each on a connection of its own."""

STOCK = "stock Beanie + Strawberry"
PARLANCE = "Parlance, signed in"
WHOLE = "Parlance, whole documents"
LOADING = "Parlance, client and model"
REST = "raw dicts + FastAPI"
REST_SIGNED_IN = "the same, signed in"

CLIENT_SLUG = "benchmark"
SELECTION = """
  id embedKey active createdAt updatedAt revision
  draft {
    name primaryColor secondaryColor colorScheme position logoUrl showBranding
    languages defaultLanguage
  }
"""
STOCK_QUERY = f"""
query Chatbots($slug: String!) {{ chatbots(clientId: $slug, first: {PAGE}) {{{SELECTION}}} }}
"""
PAGE_QUERY = f"""
query Chatbots($client: ID!) {{
  chatbots(clientId: $client, first: {PAGE}) {{ edges {{ node {{ {SELECTION} %s }} }} }}
}}
"""
BESIDE = {
    PARLANCE: "",
    WHOLE: "hasUnpublishedChanges",
    LOADING: "client { name } draft { defaultLlm { name } }",
}
"""What each of our own queries selects beside the fifteen fields. To know whether there are
unpublished changes takes the whole document; clients and models are documents of their own."""
CREATE_CLIENT = """
mutation ($slug: String!) {
  createClient(input: {slug: $slug, name: "Benchmark"}) {
    ... on CreateClientSuccess { client { id } } ... on UserError { code message }
  }
}
"""
CREATE_CHATBOT = """
mutation ($input: CreateChatbotInput!) {
  createChatbot(input: $input) {
    ... on CreateChatbotSuccess { chatbot { id } } ... on UserError { code message path }
  }
}
"""


@dataclass(frozen=True)
class Asking:
    """One request to a server, and where its answer has the chatbots."""

    server: Server
    request: httpx.Request
    path: tuple[str, ...]

    def chatbots(self, answer: httpx.Response) -> list[dict[str, Any]]:
        """The chatbots of an answer, in one form whichever server gave them."""
        found = orjson.loads(answer.content)
        for key in self.path:
            found = found[key]
        return [one.get("node", one) for one in found]


@dataclass(frozen=True)
class Pages:
    """What one server did in every round."""

    name: str
    requests: int
    cpu_s: list[float]
    wall_s: list[float]

    @property
    def per_cpu_s(self) -> float:
        """Requests per second of its CPU: the median over the rounds."""
        return self.requests / statistics.median(self.cpu_s)

    @property
    def per_s(self) -> float:
        """Requests per second: the median over the rounds."""
        return self.requests / statistics.median(self.wall_s)


def measure_pages(requests: int, rounds: int) -> list[Pages]:
    """Let every server answer so many requests in every round."""
    with running_servers() as asked:
        check_answers(asked)
        for each in asked.values():
            measure_once(each, max(20, requests // 5))
        runs = [
            {name: measure_once(each, requests) for name, each in asked.items()}
            for _ in range(rounds)
        ]
    return [
        Pages(name, requests, [run[name][0] for run in runs], [run[name][1] for run in runs])
        for name in asked
    ]


@contextmanager
def running_servers() -> Iterator[dict[str, Asking]]:
    """Run the three servers on one database with a page of chatbots."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        product = stack.enter_context(running_product_server(folder))
        caller = sign_in(product.origin)
        client_id = make_chatbots(caller)
        address = DatabaseFolder(folder).announced()
        assert address is not None
        key = secrets.token_urlsafe(32)
        environment = {"BENCHMARK_MONGODB_URL": address.url, "BENCHMARK_TOKEN_KEY": key}
        stock, rest = (
            stack.enter_context(running_server(f"benchmarks.baselines.{name}:app", environment))
            for name in ("stock_list", "rest_list")
        )
        variables = {"client": client_id}
        yield {
            STOCK: Asking(
                stock, _posted(stock, STOCK_QUERY, {"slug": CLIENT_SLUG}), ("data", "chatbots")
            ),
            **{
                name: Asking(
                    product,
                    _posted(product, PAGE_QUERY % beside, variables, caller.headers),
                    ("data", "chatbots", "edges"),
                )
                for name, beside in BESIDE.items()
            },
            REST_SIGNED_IN: Asking(rest, _own_page_of(rest, client_id, caller, key), ()),
            REST: Asking(rest, _page_of(rest), ()),
        }


def _page_of(server: Server) -> httpx.Request:
    parameters: dict[str, str | int] = {"client_id": CLIENT_SLUG, "first": PAGE}
    return httpx.Request("GET", f"{server.origin}/chatbots", params=parameters)


def _own_page_of(server: Server, client_id: str, caller: SignedIn, key: str) -> httpx.Request:
    """The page of the same sign-in, under a token that the baseline can read."""
    claims = jwt.decode(caller.token, options={"verify_signature": False})
    token = jwt.encode({name: claims[name] for name in ("sub", "sid", "exp")}, key)
    local = local_id(client_id, "Client")
    parameters: dict[str, str | int] = {"client": str(local), "first": PAGE}
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Request("GET", f"{server.origin}/own-chatbots", params=parameters, headers=headers)


def _posted(
    server: Server, query: str, variables: dict[str, Any], headers: dict[str, str] | None = None
) -> httpx.Request:
    body = {"query": query, "variables": variables}
    return httpx.Request("POST", f"{server.origin}/graphql", json=body, headers=headers)


def make_chatbots(caller: SignedIn) -> str:
    """Make a client with a page of chatbots through the API; the client's id."""
    made = caller.execute(CREATE_CLIENT, {"slug": CLIENT_SLUG})["createClient"]
    client_id = str(made["client"]["id"])
    for number in range(PAGE):
        settings = {
            "primaryColor": f"#{number:06x}",
            "languages": ["EN", "DE"],
            "texts": [
                {"language": language, "welcomeMessage": f"{language} {number}: How can we help?"}
                for language in ("EN", "DE")
            ],
            "allowedOrigins": ["https://shop.example.com"],
            "customInstructions": "Be brief and friendly. " * 10,
        }
        wanted = {"clientId": client_id, "name": f"Chatbot {number}", "settings": settings}
        result = caller.execute(CREATE_CHATBOT, {"input": wanted})["createChatbot"]
        assert "chatbot" in result, result
    return client_id


def check_answers(asked: dict[str, Asking]) -> None:
    """See that the servers give the same chatbots with the same fields.

    Raises:
        RuntimeError: they do not.
    """
    seen = {}
    for name, each in asked.items():
        with httpx.Client(trust_env=False) as http:
            chatbots = each.chatbots(http.send(each.request))
        fields = len({*chatbots[0], *chatbots[0]["draft"]} - {"draft"})
        if len(chatbots) != PAGE or fields < FIELDS or (fields > FIELDS) != bool(BESIDE.get(name)):
            raise RuntimeError(f"{name} gave {len(chatbots)} chatbots with {fields} fields")
        seen[name] = [(one["embedKey"], one["revision"], one["draft"]["name"]) for one in chatbots]
    if len({str(each) for each in seen.values()}) != 1:
        raise RuntimeError("the servers gave different chatbots")


def measure_once(asking: Asking, requests: int) -> tuple[float, float]:
    """The server's CPU seconds and the seconds that went by for so many requests."""
    cpu, began = asking.server.cpu_s(), time.perf_counter()
    asyncio.run(send_all(asking, requests))
    return asking.server.cpu_s() - cpu, time.perf_counter() - began


async def send_all(asking: Asking, requests: int) -> None:
    """Send the request so many times, a few at once."""
    left = iter(range(requests))

    async def call(http: httpx.AsyncClient) -> None:
        for _ in left:
            (await http.send(asking.request)).raise_for_status()

    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        await asyncio.gather(*(call(http) for _ in range(CALLERS)))
