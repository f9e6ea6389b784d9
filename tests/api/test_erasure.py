"""Deleting a client or a chatbot: nothing of it is left in any collection, others' stay."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from documents.base import TenantDocument
from documents.erasure import classes_with
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from tests.answers import asked
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    VisitorOf,
    check_people_only,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
    new_source,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

RECEIPT = "deletedId erased { collection documents }"
OF_NO_CLIENT = {
    "Alarm",
    "Heartbeat",
    "Installation",
    "RateWindow",
    "Session",
    "User",
    "WidgetFile",
    "WorkLease",
}
"""Users stay; their memberships end. Windows are of addresses and accounts, and over in minutes.
The widget's files are the same for everybody. Alarms and the heartbeat are of the platform."""

PLATFORM_TOO = {"LlmConfig", "AuditEntry", "OneTimeCode", "OutgoingMail"}
"""Some of these are no client's."""


ONE_OF_EACH = {"Client", "LiveCounter"}
"""A client that is in use has its only one already."""


def test_every_class_says_whose_it_is() -> None:
    """A class that has no `client_id` would outlive its client: decide, then list it above."""
    erased = {one.__name__ for one in classes_with("client_id")}
    assert {one.__name__ for one in DOCUMENT_CLASSES} - erased == OF_NO_CLIENT
    tenants = {one.__name__ for one in DOCUMENT_CLASSES if issubclass(one, TenantDocument)}
    assert erased - tenants <= PLATFORM_TOO


def test_every_mention_of_a_chatbot_is_known() -> None:
    """A list of chatbots needs a `$pull` in documents/erasure.py, then a line here."""
    lists = {
        f"{one.__name__}.{field}"
        for one in DOCUMENT_CLASSES
        for field in fields_of(one)
        if field.endswith("chatbot_ids")
    }
    assert lists == {
        "KnowledgeSource.chatbot_ids",
        "KnowledgeSource.leaving_chatbot_ids",
        "KnowledgePage.chatbot_ids",
        "Integration.chatbot_ids",
    }


def fields_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


async def filled(server: ServerProcess, slug: str, chatbot_id: PydanticObjectId) -> None:
    """Put a document of this client and chatbot into every collection that has such."""
    async with database_of(server) as database:
        for one in classes_with("client_id"):
            collection = database.database[one.Settings.name]
            if one.__name__ in ONE_OF_EACH:
                continue
            extra: Json = {"chatbot_id": chatbot_id} if "chatbot_id" in one.model_fields else {}
            unique = {field: str(PydanticObjectId()) for field in unique_fields(one)} | extra
            await collection.insert_one({"client_id": slug, "filled": True, **unique})


def unique_fields(document_class: Any) -> set[str]:
    indexes = document_class.Settings.indexes
    keys = [index.document["key"] for index in indexes if index.document.get("unique")]
    return {field for key in keys for field in key} - {"client_id", "chatbot_id"}


async def all_counted(server: ServerProcess, slug: str) -> None:
    """Wait until what was asked is part of the client's usage: that is written a moment later."""
    async with database_of(server) as database, asyncio.timeout(60):
        waiting = {"messages": "end_untold_since", "usage_events": "uncounted_since"}
        for name, field in waiting.items():
            of_client = {"client_id": slug, field: {"$type": "date"}}
            while await database.database[name].count_documents(of_client):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def left(server: ServerProcess, condition: Json) -> Json:
    """How many documents match, by collection."""
    async with database_of(server) as database:
        names = await database.database.list_collection_names()
        counts = {
            name: await database.database[name].count_documents(condition)
            for name in names
            if not name.startswith("system.")
        }
    return {name: count for name, count in counts.items() if count}


async def chatbot_facts(admin: GraphQLClient, chatbot_id: str) -> tuple[str, PydanticObjectId]:
    from graphql_schema.node import decoded_id  # noqa: PLC0415

    document = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    embed_key = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]["embedKey"]
    decoded = decoded_id(chatbot_id)
    assert decoded is not None
    return embed_key, decoded[1]


async def test_a_client_goes_with_everything(
    server: ServerProcess,
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    slug, other_slug = new_slug(), new_slug()
    client_id, other = await make_client(slug), await make_client(other_slug)
    chatbot_id, others_chatbot = [await new_chatbot(admin, one) for one in (client_id, other)]
    await new_source(admin, [chatbot_id])
    await new_source(admin, [others_chatbot])
    embed_key, object_id = await chatbot_facts(admin, chatbot_id)
    visitor, owner = await visitor_of(embed_key), await person_of(slug, "owner")
    await asked(visitor, "When do you open?")
    await all_counted(server, slug)
    await filled(server, slug, object_id)
    before = await left(server, {"client_id": slug})
    others_before = await left(server, {"client_id": other_slug})
    assert len(before) == len(list(classes_with("client_id")))

    given = {"id": client_id, "confirmSlug": slug.upper()}
    refused = await mutate(admin, "deleteClient", given, RECEIPT)
    assert (refused["code"], refused["path"]) == (
        "CONFIRMATION_MISMATCH",
        ["input", "confirmSlug"],
    )
    assert await left(server, {"client_id": slug}) == before

    receipt = await done(admin, "deleteClient", given | {"confirmSlug": slug}, RECEIPT)
    assert receipt["deletedId"] == client_id
    erased = {one["collection"]: one["documents"] for one in receipt["erased"]}
    assert erased == before
    assert await left(server, {"client_id": slug}) == {}
    assert await left(server, {"memberships.client_id": slug}) == {}
    assert await left(server, {"client_id": other_slug}) == others_before
    assert await codes(visitor, "{ viewer { visitor { id } } }", {}) == ["TOKEN_REVOKED"]
    assert (await owner.execute("{ clients { totalCount } }"))["clients"] == {"totalCount": 0}
    again = await mutate(admin, "deleteClient", given, RECEIPT)
    assert again["code"] == "NOT_FOUND"


async def test_a_chatbot_goes_and_its_sources_stay(
    server: ServerProcess,
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id, sibling = [await new_chatbot(admin, client_id) for _ in range(2)]
    source = await new_source(admin, [chatbot_id, sibling])
    (embed_key, gone), (_, kept) = [
        await chatbot_facts(admin, one) for one in (chatbot_id, sibling)
    ]
    visitor, owner = await visitor_of(embed_key), await person_of(slug, "owner")
    await asked(visitor, "When do you open?")
    await all_counted(server, slug)
    others_before = await left(server, {"chatbot_id": kept})
    before = await left(server, {"chatbot_id": gone})
    kept_names = ("usage_events", "usage_daily", "usage_days", "usage_highlights", "usage_merged")
    figures = {name: before.pop(name) for name in kept_names}

    given = {"id": chatbot_id, "confirmName": "helper"}
    refused = await mutate(owner, "deleteChatbot", given, RECEIPT)
    assert refused["code"] == "CONFIRMATION_MISMATCH"
    receipt = await done(owner, "deleteChatbot", given | {"confirmName": "Helper"}, RECEIPT)
    erased = {one["collection"]: one["documents"] for one in receipt["erased"]}
    assert erased == before | {"chatbots": 1}
    assert await left(server, {"chatbot_id": gone}) == figures
    for field in ("chatbot_ids", "_id"):
        assert await left(server, {field: gone}) == {}
    assert await left(server, {"chatbot_id": kept}) == others_before
    document = "query ($id: ID!) { knowledgeSource(id: $id) { chatbots { id } } }"
    found = (await owner.execute(document, {"id": source}))["knowledgeSource"]
    assert found == {"chatbots": [{"id": sibling}]}
    assert await codes(visitor, "{ viewer { visitor { id } } }", {}) == ["TOKEN_REVOKED"]


@pytest.mark.parametrize("role", ["viewer", "agent", "editor", "owner"])
async def test_who_may_not_delete(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, role: str
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    foreign_chatbot = await new_chatbot(admin, await make_client())
    member = await person_of(slug, role)  # type: ignore[arg-type]
    given = {"input": {"id": client_id, "confirmSlug": slug}}
    assert await codes(member, mutation("deleteClient"), given) == ["FORBIDDEN"]
    foreign = {"id": foreign_chatbot, "confirmName": "Helper"}
    assert (await mutate(member, "deleteChatbot", foreign, RECEIPT))["code"] == "NOT_FOUND"
    if role != "owner":
        given = {"input": {"id": chatbot_id, "confirmName": "Helper"}}
        assert await codes(member, mutation("deleteChatbot"), given) == ["FORBIDDEN"]


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    operations = {
        "deleteClient": (mutation("deleteClient"), {"input": {"id": "x", "confirmSlug": "x"}}),
        "deleteChatbot": (mutation("deleteChatbot"), {"input": {"id": "x", "confirmName": "x"}}),
        "updateClient": (mutation("updateClient"), {"input": {"id": "x"}}),
    }
    await check_people_only(operations, nobody, await visitor_of())
