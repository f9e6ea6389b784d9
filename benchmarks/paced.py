"""Provider to server to client at a provider's pace: the server's CPU, and the wait for a word.

Twenty streams at a hundred tokens a second, one token in a packet, so nothing can be gathered.
Beside the product (`parlance serve` with all that it does) runs what a tutorial would write. The
CPU is the server process's own; provider, client and MongoDB are processes beside it. The wait
for the first token is told over the provider's own, which a bare client measures the same way.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.answer_types import OPERATION
from benchmarks.baselines.stock_langchain import PROVIDER
from benchmarks.demo_visit import start_visit
from benchmarks.load_client import send
from benchmarks.paced_provider import model_name
from benchmarks.product_server import SignedIn, running_product_server, sign_in
from benchmarks.server_process import Server, free_port, running_program, running_server

STREAMS = 20
TOKENS = 1_000
PER_S = 100
FIRST_MS = 50
"""The provider's own wait before its first token."""

MANY = 50
ASKED_ALONE = 40
ASKED_EACH = 5
SHORT = model_name(5, 50, FIRST_MS)
LONG = model_name(TOKENS, PER_S, FIRST_MS)
SPOKEN_S = 1.0
STEADY = model_name(50, 50, FIRST_MS)
PATIENCE_S = 120.0
OPEN_DOORS = {"PARLANCE_VISITS_PER_CHATBOT": "100000"}

STOCK = "stock Strawberry + LangChain"
OURS = "Parlance"
BARE = "the provider itself"

DEMO_CLIENT = '{ client(slug: "demo") { id } }'
CREATE_MODEL = """
mutation ($input: CreateLlmConfigInput!) { createLlmConfig(input: $input) {
  ... on CreateLlmConfigSuccess { llmConfig { id } } ... on UserError { code message }
} }
"""
CREATE_CHATBOT = """
mutation ($input: CreateChatbotInput!) { createChatbot(input: $input) {
  ... on CreateChatbotSuccess { chatbot { embedKey } } ... on UserError { code message }
} }
"""

Ask = Callable[[str, int], Awaitable[float]]
"""Asks a model by its name as one of the visitors; the seconds until the first token."""

VISITORS = {LONG: STREAMS, SHORT: 1, STEADY: MANY}
"""Who asks each model."""


@dataclass(frozen=True)
class PacedCost:
    """What one server used for the tokens of one round."""

    name: str
    tokens: int
    cpu_s: list[float]

    @property
    def tokens_per_cpu_s(self) -> float:
        """The median over the rounds."""
        return self.tokens / statistics.median(self.cpu_s)


@dataclass(frozen=True)
class FirstTokens:
    """Seconds until the first token, one question after the other and fifty streams at a time."""

    name: str
    alone_s: list[float]
    many_s: list[float]


@dataclass(frozen=True)
class PacedFigures:
    """What one run has measured."""

    costs: list[PacedCost]
    waits: list[FirstTokens]

    def lines(self) -> Iterable[str]:
        """Lay out the costs against stock and the waits over the provider's own."""
        stock = self.costs[0].tokens_per_cpu_s
        yield f"Tokens per CPU-second ({STREAMS} streams at {PER_S} tokens/s, one in a packet)"
        yield f"  {'':30}{'tokens/CPU-s':>14}{'us/token':>10}{'x stock':>9}"
        for cost in self.costs:
            rate = cost.tokens_per_cpu_s
            yield f"  {cost.name:30}{rate:>14,.0f}{1e6 / rate:>10.0f}{rate / stock:>9.1f}"
        yield f"Milliseconds to the first token over the provider's own ({FIRST_MS} ms)"
        heads = f"{'1 stream p50':>14}{'p95':>8}{f'{MANY} streams p50':>16}{'p95':>8}"
        yield f"  {'':30}{heads}"
        own = self.waits[0]
        for waits in self.waits[1:]:
            alone = _added_ms(waits.alone_s, own.alone_s)
            many = _added_ms(waits.many_s, own.many_s)
            figures = f"{alone[0]:>14.1f}{alone[1]:>8.1f}{many[0]:>16.1f}{many[1]:>8.1f}"
            yield f"  {waits.name:30}{figures}"
        yield ""


def _added_ms(waits: Sequence[float], own: Sequence[float]) -> list[float]:
    return [1e3 * (_percentile(waits, part) - _percentile(own, part)) for part in (50, 95)]


def _percentile(waits: Sequence[float], part: int) -> float:
    return statistics.quantiles(waits, n=100, method="inclusive")[part - 1]


def measure_paced(rounds: int) -> PacedFigures:
    """Measure so many rounds of twenty streams, then the waits."""
    with ExitStack() as stack:
        provider = stack.enter_context(_running_provider())
        stock = stack.enter_context(
            running_server("benchmarks.baselines.stock_langchain:app", {PROVIDER: provider})
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        product = stack.enter_context(running_product_server(folder, OPEN_DOORS))
        return asyncio.run(_Course(provider, stock, product).run(rounds))


@contextmanager
def _running_provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.paced_provider", str(port)]
    with running_program(command, port):
        yield f"http://127.0.0.1:{port}/v1"


class _Course:
    """The servers, and how to ask each of them."""

    def __init__(self, provider: str, stock: Server, product: Server) -> None:
        self._provider = provider
        self._stock = stock
        self._product = product
        self._admin = sign_in(product.origin)
        self._tokens = {model: self._visits(model, count) for model, count in VISITORS.items()}

    async def run(self, rounds: int) -> PacedFigures:
        """Measure everything."""
        async with httpx.AsyncClient(
            base_url=self._provider, trust_env=False, timeout=PATIENCE_S
        ) as self._http:
            return await self._measured(rounds)

    async def _measured(self, rounds: int) -> PacedFigures:
        servers = ((STOCK, self._stock, self._ask_stock), (OURS, self._product, self._ask_product))
        costs = {name: PacedCost(name, STREAMS * TOKENS, []) for name, *_ in servers}
        for _, _, ask in servers:
            await ask(SHORT, 0)
        for _ in range(rounds):
            for name, server, ask in servers:
                costs[name].cpu_s.append(await _cpu_of_streams(server, ask))
        ways = ((BARE, self._ask_provider), *((name, ask) for name, _, ask in servers))
        return PacedFigures(
            list(costs.values()), [await _first_tokens(name, ask) for name, ask in ways]
        )

    def _visits(self, model: str, count: int) -> list[str]:
        """The tokens of so many visitors of a chatbot that asks this model."""
        chatbot = _chatbot(self._admin, self._provider, model)
        return [start_visit(self._product.origin, chatbot) for _ in range(count)]

    async def _ask_stock(self, model: str, visitor: int) -> float:  # noqa: ARG002
        address = f"{self._stock.websocket_origin}/graphql"
        async with _connected(address) as socket:
            return await _first_token(socket, {"text": model, "deltas": 0})

    async def _ask_product(self, model: str, visitor: int) -> float:
        address = f"{self._product.websocket_origin}/graphql"
        payload = {"authorization": f"Bearer {self._tokens[model][visitor]}"}
        async with _connected(address, self._product.origin, payload) as socket:
            question = {"text": "Where is it?", "idempotencyKey": str(uuid.uuid4())}
            return await _first_token(socket, question)

    async def _ask_provider(self, model: str, visitor: int) -> float:  # noqa: ARG002
        body: dict[str, Any] = {"model": model, "stream": True, "messages": []}
        began, first_s = time.perf_counter(), 0.0
        async with self._http.stream("POST", "/chat/completions", json=body) as response:
            async for part in response.aiter_raw():
                if not first_s and b'"content"' in part:
                    first_s = time.perf_counter() - began
        return first_s


@asynccontextmanager
async def _connected(
    address: str, origin: str | None = None, payload: dict[str, Any] | None = None
) -> AsyncGenerator[ClientConnection, None]:
    async with connect(
        address,
        origin=Origin(origin) if origin else None,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
        ping_interval=None,
        open_timeout=PATIENCE_S,
        proxy=None,
    ) as socket:
        await send(socket, {"type": "connection_init", "payload": payload or {}})
        await socket.recv()
        yield socket


async def _first_token(socket: ClientConnection, given: dict[str, Any]) -> float:
    """Ask and read to the end; the seconds until the first token.

    Raises:
        RuntimeError: it is no whole answer.
    """
    began, first_s, frame = time.perf_counter(), 0.0, ""
    payload = {"query": OPERATION, "variables": {"input": given}}
    await send(socket, {"id": "1", "type": "subscribe", "payload": payload})
    async for received in socket:
        last, frame = frame, str(received)
        if not first_s and '"AnswerDelta"' in frame:
            first_s = time.perf_counter() - began
        if '"type":"complete"' in frame.replace(" ", ""):
            break
    if not first_s or "AnswerCompleted" not in last:
        raise RuntimeError(f"no whole answer: {last!r}, then {frame!r}")
    return first_s


def _chatbot(admin: SignedIn, provider: str, model: str) -> str:
    """The embed key of a new chatbot that asks this model of the provider."""
    name = f"Paced {model}"
    config = {
        "name": name,
        "provider": "OPENAI_COMPATIBLE",
        "model": model,
        "apiUrl": provider,
        "maxConcurrency": 1_000,
    }
    made = admin.execute(CREATE_MODEL, {"input": config})["createLlmConfig"]
    settings = {"defaultLlmId": made["llmConfig"]["id"], "knowledgeMode": "OPEN"}
    client_id = admin.execute(DEMO_CLIENT)["client"]["id"]
    chatbot = {"clientId": client_id, "name": name, "settings": settings}
    created = admin.execute(CREATE_CHATBOT, {"input": chatbot})["createChatbot"]
    return str(created["chatbot"]["embedKey"])


async def _cpu_of_streams(server: Server, ask: Ask) -> float:
    before = server.cpu_s()
    await asyncio.gather(*(ask(LONG, visitor) for visitor in range(STREAMS)))
    return server.cpu_s() - before


async def _first_tokens(name: str, ask: Ask) -> FirstTokens:
    alone = [await ask(SHORT, 0) for _ in range(ASKED_ALONE)]
    many = await asyncio.gather(*(_ask_on_and_on(ask, visitor) for visitor in range(MANY)))
    return FirstTokens(name, alone[1:], [wait for waits in many for wait in waits[1:]])


async def _ask_on_and_on(ask: Ask, visitor: int) -> list[float]:
    await asyncio.sleep(random.uniform(0, SPOKEN_S))  # noqa: S311  no secret
    return [await ask(STEADY, visitor) for _ in range(ASKED_EACH)]
