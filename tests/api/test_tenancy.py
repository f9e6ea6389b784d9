"""Every query on clients' documents carries client_id: MongoDB's own profiler is the witness."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from documents.base import TenantDocument
from documents.database.database import Database
from documents.database.opening import attach_database
from documents.database.options import DatabaseOptions
from documents.registry import DOCUMENT_CLASSES
from tests.answers import STOP, asked
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

TENANT_COLLECTIONS = {
    document_class.Settings.name
    for document_class in DOCUMENT_CLASSES
    if issubclass(document_class, TenantDocument)
}
ACROSS_CLIENTS = {
    ("chatbots", "embed_key"),  # a visit starts with nothing but the public key
    ("chatbots", "active"),  # which origins may connect at all
    ("messages", "end_untold_since"),  # ended answers, looked for by the background work
    ("messages", "status"),  # lapsed answers, looked for by the background work
    ("usage_events", "uncounted_since"),  # what is to be counted, by the background work
    ("usage_months", "holds"),  # what dead processes held, given back by the background work
    ("messages", "words_due"),  # those that get their words, by the background work
    ("conversations", "end_hook_due"),  # closed ones, told to hooks by the background work
    ("hooks", "enabled"),  # checked again at the start of the server
    ("knowledge_sources", "work_due_at"),  # read by the background work
    ("knowledge_sources", "work_token"),  # left behind, freed at the start of the server
    ("reports", "status"),  # made by the background work, and freed at the start
    ("report_schedules", "next_run_at"),  # likewise
    ("visits", "ended_at"),  # idle ones, ended by the background work
    ("visits", "unsummed"),  # ended ones, added to usage by the background work
    ("pending_erasures", "due_at"),  # left behind, finished by the background work
    ("outbox", "to_spread"),  # what happened, made into deliveries by the background work
    ("outbox", "_id"),  # likewise, once that is done
    ("deliveries", "open"),  # delivered by the background work, and freed at the start
    ("integrations", "events"),  # those who are told of the whole platform
    ("knowledge_leftovers", "$expr"),  # deleted by the background work
    ("clients", ""),  # the admin's list
    ("clients", "active"),  # deletions that were left behind, finished by the background work
    ("clients", "_id"),  # those with a retention period, by the background work
    ("chatbots", ""),
    ("conversations", ""),
    ("conversations", "preview_until"),  # the admin's list, without previews
    ("conversations", "_id"),  # an admin opens one
    ("messages", "_id"),
    ("messages", "conversation_id"),
}
"""Where no client is named, by collection and first field: admins, background work, embed keys."""

CONVERSATIONS = """
{ conversations { totalCount edges { node { messages(last: 2) { edges { node { content } } } } } } }
"""
CLIENTS = "{ clients { edges { node { slug chatbots { totalCount } } } } }"
CHATBOTS = "{ chatbots { edges { node { draft { name } published { number } } } } }"
READS_AND_WRITES = {"find", "aggregate", "count", "distinct", "findAndModify", "findandmodify", "q"}


@pytest_asyncio.fixture
async def profiled(server: ServerProcess) -> AsyncGenerator[Database, None]:
    """The server's database with every operation recorded."""
    options = DatabaseOptions(mongodb_url=None, data_dir=server.data_dir)
    database = await attach_database(options)
    await database.database.command("profile", 0)
    await database.database.drop_collection("system.profile")
    await database.database.create_collection("system.profile", capped=True, size=64_000_000)
    await database.database.command("profile", 2)
    yield database
    await database.database.command("profile", 0)
    await database.close()


async def test_every_query_on_tenants_documents_names_the_tenant(
    profiled: Database,
    visitor_of: Callable[..., Awaitable[GraphQLClient]],
    admin: GraphQLClient,
    person_of: Callable[..., Awaitable[GraphQLClient]],
) -> None:
    visitor = await visitor_of()
    events = await asked(visitor, "What is Parlance?")
    await asked(visitor, "And the data?", conversationId=events[0]["conversationId"])
    await visitor.execute(STOP, {"id": events[0]["messageId"]})
    member = await person_of("demo", "viewer")
    for caller in (visitor, admin, member):
        await caller.execute(CONVERSATIONS)
    for caller in (admin, member):
        await caller.execute(CLIENTS)
        await caller.execute(CHATBOTS)
    recorded = await profiled.database["system.profile"].find().to_list(10_000)

    seen, unscoped = 0, []
    for collection, filter_ in filters_in(recorded):
        seen += 1
        scope, place = client_condition(filter_), (collection, first_field(filter_))
        if scope is None or (scope == {"$exists": True} and place not in ACROSS_CLIENTS):
            unscoped.append((collection, filter_))

    assert seen > 30
    assert unscoped == []


def filters_in(recorded: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The filter of each recorded read or write of the server on tenants' documents."""
    for entry in recorded:
        collection = entry["ns"].partition(".")[2]
        command = entry.get("command", {})
        if collection not in TENANT_COLLECTIONS or not READS_AND_WRITES & command.keys():
            continue
        if "pipeline" in command:
            yield collection, command["pipeline"][0].get("$match", {})
        else:
            yield collection, command.get("filter") or command.get("query") or command.get("q", {})


def client_condition(filter_: dict[str, Any]) -> Any:
    """What a filter says about client_id, None if nothing."""
    if "client_id" in filter_:
        return filter_["client_id"]
    return next((one["client_id"] for one in filter_.get("$and", []) if "client_id" in one), None)


def first_field(filter_: dict[str, Any]) -> str:
    """The first field that a filter names beside client_id."""
    flat = {**filter_}
    for part in flat.pop("$and", []):
        flat.update(part)
    flat.pop("client_id", None)
    return next(iter(flat), "")


def test_a_query_without_a_scope_is_refused() -> None:
    for document_class in DOCUMENT_CLASSES:
        if issubclass(document_class, TenantDocument):
            with pytest.raises(TypeError, match="TenantScope"):
                document_class.find({})
            with pytest.raises(TypeError, match="TenantScope"):
                document_class.find_one({})
