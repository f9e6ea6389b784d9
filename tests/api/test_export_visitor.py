"""`exportVisitor`: an archive of everything about one visitor, and of nobody else, fetched once."""

import asyncio
import hashlib
import io
import json
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from documents.base import utc_now
from documents.erasure import classes_with
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from graphql_schema.node import global_id
from services.privacy.given import GIVEN, NOT_GIVEN, WITHHELD_EVERYWHERE
from tests.answers import asked
from tests.api.operations import (
    MALFORMED_IDS,
    UNKNOWN_OBJECT_ID,
    Json,
    KeyOf,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.api.test_audit import entries
from tests.api.test_erase_visitor import object_id, visitor_id_of
from tests.api.test_erasure import chatbot_facts
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

EXPORT = mutation("exportVisitor")
LINK = "download { url expiresAt sha256 sizeBytes }"
MANY = 10_000


def test_every_class_with_a_visitors_id_is_given_or_not() -> None:
    """A new one: decide in services/privacy/given.py."""
    carrying = {one for one in DOCUMENT_CLASSES if one in set(classes_with("visitor_id"))}
    decided = {*GIVEN, *NOT_GIVEN}
    assert {one.__name__ for one in decided} == {*(c.__name__ for c in carrying), "Visitor"}
    assert not GIVEN.keys() & NOT_GIVEN.keys()


@pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.__name__)
def test_every_field_is_given_or_withheld(kind: Any) -> None:
    """A new one: would the visitor learn about itself, or about something else?"""
    given = GIVEN[kind]
    names = set(kind.model_fields) - WITHHELD_EVERYWHERE
    assert given.fields | given.withheld == names
    assert not given.fields & given.withheld


class House:
    """A client with a chatbot."""

    def __init__(self, slug: str, client_id: str, embed_key: str, chatbot_id: str) -> None:
        self.slug = slug
        self.client_id = client_id
        self.embed_key = embed_key
        self.chatbot_id = chatbot_id


@pytest.fixture
async def house(admin: GraphQLClient, make_client: MakeClient) -> House:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    embed_key, _ = await chatbot_facts(admin, chatbot_id)
    return House(slug, client_id, embed_key, chatbot_id)


async def link_of(caller: GraphQLClient, given: Json) -> Json:
    link: Json = (await done(caller, "exportVisitor", given, LINK))["download"]
    return link


async def fetched(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(url)


async def archive_of(caller: GraphQLClient, given: Json) -> tuple[bytes, dict[str, Any]]:
    """The archive as it came, and what is in its files."""
    link = await link_of(caller, given)
    answer = await fetched(link["url"])
    assert answer.status_code == 200
    assert len(answer.content) == link["sizeBytes"] == int(answer.headers["content-length"])
    assert hashlib.sha256(answer.content).hexdigest() == link["sha256"]
    return answer.content, unpacked(answer.content)


def unpacked(content: bytes) -> dict[str, Any]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    return {
        name: json.loads(text) if name.endswith(".json") else text for name, text in texts.items()
    }


async def stored(server: ServerProcess, visitor_id: PydanticObjectId) -> dict[str, list[Json]]:
    """What of the visitor's is to be given, by the files' names, in the order of the ids."""
    found = {}
    async with database_of(server) as database:
        for kind in GIVEN:
            name = str(kind.Settings.name)
            key = "_id" if name == "visitors" else "visitor_id"
            documents = database.database[name].find({key: visitor_id}).sort("_id")
            found[f"{name}.json"] = await documents.to_list()
    return found


def ids(documents: list[Json]) -> list[str]:
    return sorted(str(one.get("id") or one.get("_id")) for one in documents)


def moment(visitor: Json) -> str:
    return str(visitor["first_seen_at"].isoformat()).replace("+00:00", "Z")


async def test_the_archive_holds_what_the_database_holds(
    server: ServerProcess, house: House, visitor_of: VisitorOf
) -> None:
    visitor, other = [await visitor_of(house.embed_key) for _ in range(2)]
    events = await asked(visitor, "Où est la gare ? 駅はどこ")
    await asked(visitor, "And back?", conversationId=events[0]["conversationId"])
    await asked(other, "What did the neighbour say?")
    visitor_id, others_id = [object_id(await visitor_id_of(one)) for one in (visitor, other)]

    content, files = await archive_of(visitor, {})

    kept = await stored(server, visitor_id)
    assert {name: ids(files[name]) for name in kept} == {n: ids(kept[n]) for n in kept}
    assert len(kept["messages.json"]) == 4
    assert files["visitors.json"][0]["first_seen_at"] == moment(kept["visitors.json"][0])
    said = {one["id"]: one["content"] for one in files["messages.json"]}
    assert said == {str(one["_id"]): one["content"] for one in kept["messages.json"]}
    readme = files["README.txt"]
    assert readme.count(".json (") == len(kept)
    assert "messages.json (4)" in readme
    whole = str(files)
    assert str(visitor_id) in whole
    for secret in (str(others_id), "neighbour", kept["widget_tokens.json"][0]["token_hash"]):
        assert secret not in whole
    assert b"neighbour" not in content


CITATION = {
    "number": 1,
    "source_id": PydanticObjectId(),
    "chunk_id": PydanticObjectId(),
    "source_title": "Opening hours",
    "quote": "We open at nine.",
    "start_offset": 0,
    "end_offset": 16,
    "score": 0.25,
}
ANSWER = {
    "sender": "bot",
    "status": "complete",
    "content": "We open at nine, and on Sundays at ten. " * 10,
    "citations": [CITATION],
    "llm_name": "the secret model",
    "cost_micros": 123,
    "tags": ["hours"],
    "metadata": {"page": "/contact"},
    "trace": [{"step": "thinking", "outcome": "the prompt", "detail": "a helpful assistant"}],
}


async def with_history(server: ServerProcess, house: House, count: int) -> PydanticObjectId:
    """A visitor with a conversation of so many messages."""
    visitor_id, conversation_id = PydanticObjectId(), PydanticObjectId()
    now = utc_now()
    own = {"client_id": house.slug, "created_at": now, "updated_at": now}
    theirs = own | {"visitor_id": visitor_id, "chatbot_id": object_id(house.chatbot_id)}
    seen = {"_id": visitor_id, "first_seen_at": now, "last_seen_at": now}
    conversation = {"_id": conversation_id, "title": "A long one", "last_message_at": now}
    async with database_of(server) as database:
        collections = database.database
        await collections["visitors"].insert_one(own | seen)
        await collections["conversations"].insert_one(theirs | conversation)
        inside = theirs | ANSWER | {"conversation_id": conversation_id}
        await collections["messages"].insert_many(
            [{**inside, "seq": seq} for seq in range(1, count + 1)]
        )
    return visitor_id


async def test_ten_thousand_messages_are_all_there_and_nothing_internal_is(
    server: ServerProcess, admin: GraphQLClient, house: House
) -> None:
    visitor_id = await with_history(server, house, MANY)

    _, files = await archive_of(admin, {"visitorId": global_id("Visitor", visitor_id)})

    messages = files["messages.json"]
    assert sorted(one["seq"] for one in messages) == list(range(1, MANY + 1))
    first = messages[0]
    assert first["metadata"] == {"page": "/contact"}
    assert first["tags"] == ["hours"]
    (cited,) = first["citations"]
    assert (cited["quote"], cited["source_title"]) == ("We open at nine.", "Opening hours")
    assert not cited.keys() & {"score", "source_id", "chunk_id"}
    for internal in ("the secret model", "helpful assistant", "the prompt", "cost_micros"):
        assert internal not in str(messages[:10])


async def test_a_link_opens_once_and_looking_at_it_does_not_use_it_up(
    server: ServerProcess, house: House, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(house.embed_key)
    url = (await link_of(visitor, {}))["url"]
    assert url.startswith(f"{server.url}/exports/")
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.head(url)).status_code == 405
        answers = await asyncio.gather(*(http.get(url) for _ in range(5)))
    got = [one for one in answers if one.status_code == 200]
    assert sorted(one.status_code for one in answers) == [200, 404, 404, 404, 404]
    assert got[0].headers["content-type"] == "application/zip"
    assert got[0].headers["content-disposition"].startswith("attachment; filename=")
    assert got[0].headers["cache-control"] == "no-store"
    assert got[0].headers["referrer-policy"] == "no-referrer"
    assert (await fetched(url)).status_code == 404
    async with database_of(server) as database:
        own = {"client_id": house.slug}
        assert await database.database["download_parts"].count_documents(own) == 0
    assert url.rpartition("/")[2] not in server.log


async def test_a_link_that_ended_or_never_was_opens_nothing(
    server: ServerProcess, house: House, visitor_of: VisitorOf
) -> None:
    url = (await link_of(await visitor_of(house.embed_key), {}))["url"]
    async with database_of(server) as database:
        ended = {"$set": {"expires_at": utc_now()}}
        await database.database["downloads"].update_one({"client_id": house.slug}, ended)
        kept = str(await database.database["downloads"].find_one({"client_id": house.slug}))
    assert url.rpartition("/")[2] not in kept
    for one in (url, f"{server.url}/exports/{'a' * 43}", f"{server.url}/exports/%00"):
        refused = await fetched(one)
        assert refused.status_code == 404
        assert "leads nowhere" in refused.text


async def test_an_erased_visitors_link_opens_nothing(house: House, visitor_of: VisitorOf) -> None:
    visitor = await visitor_of(house.embed_key)
    url = (await link_of(visitor, {}))["url"]
    receipt = await done(visitor, "eraseVisitor", {}, "erased { collection documents }")
    counts = {one["collection"]: one["documents"] for one in receipt["erased"]}
    assert (counts["downloads"], counts["download_parts"]) == (1, 1)
    assert (await fetched(url)).status_code == 404


async def test_strangers_get_no_archive(
    house: House, make_client: MakeClient, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    visitor_id = await visitor_id_of(await visitor_of(house.embed_key))
    foreign_slug = new_slug()
    await make_client(foreign_slug)
    neighbour = await visitor_of(house.embed_key)
    foreigner = await person_of(foreign_slug, "owner")
    unknown = global_id("Visitor", PydanticObjectId(UNKNOWN_OBJECT_ID))
    for caller in (neighbour, foreigner):
        for wanted in (visitor_id, unknown, *MALFORMED_IDS):
            refused = await mutate(caller, "exportVisitor", {"visitorId": wanted}, LINK)
            assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "visitorId"])
    assert (await mutate(foreigner, "exportVisitor", {}, LINK))["code"] == "NOT_FOUND"


@pytest.mark.parametrize("role", ["viewer", "agent", "editor", "owner"])
async def test_who_of_a_clients_people_may_export(
    house: House, person_of: PersonOf, visitor_of: VisitorOf, role: str
) -> None:
    given = {"visitorId": await visitor_id_of(await visitor_of(house.embed_key))}
    member = await person_of(house.slug, role)  # type: ignore[arg-type]
    if role in {"editor", "owner"}:
        await archive_of(member, given)
    else:
        assert await codes(member, EXPORT, {"input": given}) == ["FORBIDDEN"]


@pytest.mark.parametrize("scope", ["VISITORS_WRITE", "CONVERSATIONS_READ", "CONVERSATIONS_WRITE"])
async def test_which_keys_may_export(
    house: House, key_of: KeyOf, visitor_of: VisitorOf, scope: str
) -> None:
    given = {"visitorId": await visitor_id_of(await visitor_of(house.embed_key))}
    key = await key_of(house.client_id, scope)
    if scope == "CONVERSATIONS_WRITE":
        assert await codes(key, EXPORT, {"input": given}) == ["FORBIDDEN"]
    else:
        await archive_of(key, given)


async def test_one_visitor_is_exported_five_times_an_hour_whoever_asks(
    admin: GraphQLClient, house: House, visitor_of: VisitorOf
) -> None:
    visitor, other = [await visitor_of(house.embed_key) for _ in range(2)]
    given = {"visitorId": await visitor_id_of(visitor)}
    for caller, wanted in ((visitor, {}), (admin, given)) * 2 + ((admin, given),):
        await link_of(caller, wanted)
    for caller, wanted in ((visitor, {}), (admin, given)):
        refused = await mutate(
            caller, "exportVisitor", wanted, LINK, "... on RateLimitedError { retryAt }"
        )
        assert refused["code"] == "RATE_LIMITED"
        assert refused["retryAt"] > utc_now().isoformat()
    await link_of(other, {})


async def test_the_audit_log_tells_who_took_whose_data_and_not_what(
    house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(house.embed_key)
    await asked(visitor, "My name is Rumpelstiltskin")
    own = await visitor_id_of(visitor)
    owner = await person_of(house.slug, "owner")
    link = await link_of(owner, {"visitorId": own})
    await link_of(visitor, {})

    found = [one for one in await entries(owner, None) if one["action"] == "exportVisitor"]

    assert [one["targetId"] for one in found] == [own, own]
    assert {one["targetType"] for one in found} == {"Visitor"}
    assert found[0]["ipAddress"] is None, "a visitor's address is the visitor's"
    for secret in ("Rumpelstiltskin", link["url"].rpartition("/")[2]):
        assert secret not in str(found)
