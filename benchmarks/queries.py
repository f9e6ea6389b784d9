"""Lists, filters, search and histories on a seeded database, and a visitor's export and erasure.

Each query goes through `parlance serve` over HTTP and, right after, by hand through the driver, to
the same MongoDB: the ratio is what the API costs. MongoDB's profiler counts what it looked at.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database as Mongo

from benchmarks.product_server import (
    SignedIn,
    product_environment,
    running_product_server,
    sign_in,
)
from benchmarks.server_process import Server
from documents.base import utc_now
from documents.database.folder import DatabaseFolder
from graphql_schema.node import global_id
from services.languages.tokens import search_tokens

LARGE = "seed-000000"
"""The slug of the client with a tenth of all messages."""

PAGE = 50
LONG_HISTORY = 10_000
TAKEN_EVERY_S = 0.02

CONVERSATION = "id title status language messageCount lastMessageAt createdAt"
MESSAGE = "id seq sender status content createdAt"
QUERIES = {
    "conversations of a client": f"""
      query ($client: ID, $after: String) {{
        conversations(clientId: $client, first: {PAGE}, after: $after) {{
          edges {{ node {{ {CONVERSATION} }} }}
      }} }}""",
    "conversations, filtered": f"""
      query ($client: ID, $filter: ConversationFilter) {{
        conversations(clientId: $client, first: {PAGE}, filter: $filter) {{
          edges {{ node {{ {CONVERSATION} }} }}
      }} }}""",
    "history of a conversation": f"""
      query ($conversation: ID!) {{
        messages(conversationId: $conversation, last: {PAGE}) {{
          edges {{ node {{ {MESSAGE} }} }}
      }} }}""",
    "chatbots of a client": f"""
      query ($client: ID) {{
        chatbots(clientId: $client, first: {PAGE}) {{ edges {{ node {{ id embedKey active }} }} }}
      }}""",
    "search in conversations": f"""
      query ($client: ID!, $text: String!) {{
        searchConversations(clientId: $client, text: $text, first: {PAGE}) {{
          edges {{ node {{ {CONVERSATION} }} }}
      }} }}""",
    "clients by a text": f"""
      query {{ clients(filter: {{text: "Borealis"}}, first: {PAGE}) {{
        edges {{ node {{ id slug name }} }} }} }}""",
}
SEARCHED = "carrier tracking"
"""Words of answers in English."""

EXPORT = """
mutation ($visitor: ID!) { exportVisitor(input: {visitorId: $visitor}) {
  ... on ExportVisitorSuccess { download { url sizeBytes } } ... on UserError { code message }
} }
"""
ERASE = """
mutation ($visitor: ID!) { eraseVisitor(input: {visitorId: $visitor}) {
  ... on EraseVisitorSuccess { erased { documents } } ... on UserError { code message }
} }
"""


@dataclass(frozen=True)
class Latencies:
    """How long one query took, through the API and by hand, and what MongoDB looked at for it."""

    name: str
    through_api_ms: list[float]
    by_hand_ms: list[float]
    returned: int
    examined: int

    def p50(self) -> float:
        """Through the API."""
        return statistics.median(self.through_api_ms)

    def p95(self) -> float:
        """Through the API."""
        return statistics.quantiles(self.through_api_ms, n=20)[-1]

    def ratio(self) -> float:
        """Medians: through the API to by hand."""
        return self.p50() / statistics.median(self.by_hand_ms)


@dataclass(frozen=True)
class Deed:
    """Something that was done once to a visitor with a long history."""

    name: str
    messages: int
    seconds: float
    memory_growth_bytes: int


@dataclass(frozen=True)
class QueryFigures:
    """All of it, and of how much."""

    messages: int
    seeding_s: float
    queries: list[Latencies]
    deeds: list[Deed]


@dataclass(frozen=True)
class Query:
    """One query in both forms."""

    variables: Mapping[str, Any]
    by_hand: Callable[[], list[Any]]


def measure_queries(size: tuple[int, int, int], requests: int) -> QueryFigures:
    """Seed a database with so many clients, chatbots and messages, and ask it."""
    with tempfile.TemporaryDirectory() as path, running_product_server(Path(path)) as server:
        seeding_s = seed(Path(path), server, size)
        address = DatabaseFolder(Path(path)).announced()
        assert address is not None
        with MongoClient[dict[str, Any]](address.url, tz_aware=True) as mongo:
            caller = sign_in(server.origin)
            database = mongo["parlance"]
            measured = [
                measure_query(caller, database, name, query, requests)
                for name, query in queries_on(database).items()
            ]
            deeds = measure_deeds(server, caller, database)
    return QueryFigures(size[2], seeding_s, measured, deeds)


def seed(data_dir: Path, server: Server, size: tuple[int, int, int]) -> float:
    """Run `parlance seed` beside the server; how many seconds it took."""
    wanted = zip(("clients", "chatbots", "messages"), size, strict=True)
    options = [f"--{name}={number}" for name, number in wanted]
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "api.cli", "seed", *options],
        env=product_environment(data_dir, server.port),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def queries_on(database: Mongo[dict[str, Any]]) -> dict[str, Query]:
    """The queries with their variables, and the same by hand."""
    client = database["clients"].find_one({"client_id": LARGE})
    longest = database["conversations"].find_one({"client_id": LARGE}, sort=[("message_count", -1)])
    assert client is not None
    assert longest is not None
    client_id = global_id("Client", client["_id"])
    own = {"client_id": LARGE}
    closed = own | {"status": "closed", "language": "de"}
    inside = own | {"conversation_id": longest["_id"]}
    found = {
        "conversations of a client": Query(
            {"client": client_id}, _newest(database, "conversations", own)
        ),
        "conversations, filtered": Query(
            {"client": client_id, "filter": {"statuses": ["CLOSED"], "languages": ["DE"]}},
            _newest(database, "conversations", closed),
        ),
        "history of a conversation": Query(
            {"conversation": global_id("Conversation", longest["_id"])},
            _newest(database, "messages", inside, by="seq"),
        ),
        "chatbots of a client": Query({"client": client_id}, _newest(database, "chatbots", own)),
        "search in conversations": Query(
            {"client": client_id, "text": SEARCHED}, lambda: _searched(database)
        ),
        "clients by a text": Query(
            {}, _newest(database, "clients", {"name": {"$regex": "Borealis"}}, by="name", order=1)
        ),
    }
    assert found.keys() == QUERIES.keys()
    return found


def _searched(database: Mongo[dict[str, Any]]) -> list[Any]:
    """The newest conversations with a message that holds the words."""
    words = search_tokens(SEARCHED, "en")
    holding = database["messages"].find({"client_id": LARGE, "words": {"$all": words}})
    found = holding.sort("_id", -1).limit(1_000)
    ids = list(dict.fromkeys(one["conversation_id"] for one in found))[:PAGE]
    wanted = {"client_id": LARGE, "_id": {"$in": ids}}
    return list(database["conversations"].find(wanted))


def _newest(
    database: Mongo[dict[str, Any]],
    name: str,
    condition: dict[str, Any],
    *,
    by: str = "_id",
    order: int = -1,
) -> Callable[[], list[Any]]:
    return lambda: list(database[name].find(condition).sort(by, order).limit(PAGE))


def measure_query(
    caller: SignedIn, database: Mongo[dict[str, Any]], name: str, query: Query, requests: int
) -> Latencies:
    """Ask so many times, in turns through the API and by hand."""
    body = {"query": QUERIES[name], "variables": dict(query.variables)}
    through_api, by_hand = list[float](), list[float]()
    with httpx.Client(trust_env=False, timeout=60, headers=caller.headers) as http:

        def ask() -> int:
            answer = http.post(f"{caller.origin}/graphql", json=body).json()
            (found,) = answer["data"].values()
            return len(found["edges"])

        returned = ask()
        if returned != len(query.by_hand()):
            raise RuntimeError(f"{name}: the API gave {returned}, the driver another number")
        examined = examined_by(database, ask)
        for _ in range(requests):
            through_api.append(_ms(ask))
            by_hand.append(_ms(query.by_hand))
    return Latencies(name, through_api, by_hand, returned, examined)


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def examined_by(database: Mongo[dict[str, Any]], call: Callable[[], object]) -> int:
    """How many documents MongoDB looked at for a call, signing in and counting included."""
    database.command("profile", 0)
    database.drop_collection("system.profile")
    database.command("profile", 2)
    call()
    database.command("profile", 0)
    return sum(one.get("docsExamined", 0) for one in database["system.profile"].find())


def measure_deeds(server: Server, caller: SignedIn, database: Mongo[dict[str, Any]]) -> list[Deed]:
    """Export and erase a visitor with a long history."""
    visitor_id = with_long_history(database)
    variables = {"visitor": global_id("Visitor", PydanticObjectId(visitor_id))}

    def export() -> None:
        url = caller.execute(EXPORT, variables)["exportVisitor"]["download"]["url"]
        with httpx.stream("GET", url, trust_env=False, timeout=60) as answer:
            assert sum(len(one) for one in answer.iter_bytes()) > 0

    def erase() -> None:
        erased = caller.execute(ERASE, variables)["eraseVisitor"]["erased"]
        assert sum(one["documents"] for one in erased) > LONG_HISTORY

    return [done(server, name, deed) for name, deed in (("export", export), ("erase", erase))]


def done(server: Server, name: str, deed: Callable[[], None]) -> Deed:
    """Do it once, and watch the server's memory meanwhile."""
    with watched(server) as most:
        before, began = server.resident_bytes(), time.perf_counter()
        deed()
        seconds = time.perf_counter() - began
    return Deed(name, LONG_HISTORY, seconds, max(0, max(most) - before))


@contextmanager
def watched(server: Server) -> Iterator[list[int]]:
    """The memory that the server held, again and again."""
    held, over = [server.resident_bytes()], threading.Event()

    def look() -> None:
        while not over.wait(TAKEN_EVERY_S):
            held.append(server.resident_bytes())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield held
    finally:
        over.set()
        watcher.join()


def with_long_history(database: Mongo[dict[str, Any]]) -> ObjectId:
    """Another visitor of the large client, with one very long conversation."""
    conversation = database["conversations"].find_one({"client_id": LARGE})
    assert conversation is not None
    visitor = database["visitors"].find_one({"_id": conversation["visitor_id"]})
    messages = list(database["messages"].find({"conversation_id": conversation["_id"]}))
    assert visitor is not None
    visitor |= {"_id": ObjectId(), "user_id": None, "last_seen_at": utc_now()}
    theirs = {"visitor_id": visitor["_id"]}
    conversation |= theirs | {"_id": ObjectId(), "message_count": LONG_HISTORY}
    database["visitors"].insert_one(visitor)
    database["conversations"].insert_one(conversation)
    database["messages"].insert_many(
        messages[seq % len(messages)]
        | theirs
        | {"_id": ObjectId(), "seq": seq + 1, "conversation_id": conversation["_id"]}
        for seq in range(LONG_HISTORY)
    )
    found: ObjectId = visitor["_id"]
    return found
