"""`eraseVisitor`: nothing of the visitor is left in any collection, others' data stays."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from pydantic import BaseModel

from documents.erasure import classes_with
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from graphql_schema.node import decoded_id, global_id
from tests.administration import Administrator
from tests.answers import asked, asking
from tests.api.operations import (
    MALFORMED_IDS,
    UNKNOWN_OBJECT_ID,
    Json,
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
from tests.api.test_erasure import chatbot_facts, left, unique_fields
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

RECEIPT = "erased { collection documents }"
ERASE = mutation("eraseVisitor")
WHO = "{ viewer { visitor { id } } }"
MAY_ERASE = {"editor", "owner"}
MENTIONS = {"conversation_id", "message_id", "answer_id", "question_id", "visit_id"}
"""What leads from one collection to something of a visitor's in another."""


def test_whatever_leads_to_a_visitors_data_says_whose_it_is() -> None:
    """A class with one of `MENTIONS` and without `visitor_id` would outlive the visitor."""
    found = {
        one.__name__
        for one in DOCUMENT_CLASSES
        if MENTIONS & fields_of(one) and "visitor_id" not in fields_of(one)
    }
    assert found == set()


def fields_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


async def visitor_id_of(visitor: GraphQLClient) -> str:
    return str((await visitor.execute(WHO))["viewer"]["visitor"]["id"])


def object_id(public_id: str) -> PydanticObjectId:
    decoded = decoded_id(public_id)
    assert decoded is not None
    return decoded[1]


def counts(receipt: Json) -> dict[str, int]:
    return {one["collection"]: one["documents"] for one in receipt["erased"]}


class Clinic:
    """A client with two chatbots."""

    def __init__(self, slug: str, chatbot_ids: list[str], embed_keys: list[str]) -> None:
        self.slug = slug
        self.chatbot_ids = chatbot_ids
        self.embed_keys = embed_keys


@pytest.fixture
async def clinic(admin: GraphQLClient, make_client: MakeClient) -> Clinic:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_ids = [await new_chatbot(admin, client_id) for _ in range(2)]
    return Clinic(slug, chatbot_ids, [(await chatbot_facts(admin, one))[0] for one in chatbot_ids])


async def filled(server: ServerProcess, slug: str, visitor_id: PydanticObjectId) -> None:
    """Put a document of this visitor into every collection that has such."""
    async with database_of(server) as database:
        for one in classes_with("visitor_id"):
            unique = {field: str(PydanticObjectId()) for field in unique_fields(one)}
            owned = {"client_id": slug, "visitor_id": visitor_id, "chatbot_id": PydanticObjectId()}
            document = unique | owned
            await database.database[one.Settings.name].insert_one(document)


async def what_comes(events: AsyncGenerator[Json, None]) -> list[str | None]:
    """The kinds of the events up to the end of a stream, however it ends."""
    kinds: list[str | None] = []
    try:
        async for event in events:
            kinds.append(event["__typename"])  # noqa: PERF401 - a failure keeps those before it
    except GraphQLFailure as failure:
        kinds += failure.codes
    return kinds


async def test_a_visitor_is_forgotten_everywhere_and_the_others_are_not(
    server: ServerProcess, admin: GraphQLClient, clinic: Clinic, visitor_of: VisitorOf
) -> None:
    leaving, staying = [await visitor_of(clinic.embed_keys[0]) for _ in range(2)]
    for one in (leaving, staying):
        await asked(one, "When do you open?")
    gone, kept = [object_id(await visitor_id_of(one)) for one in (leaving, staying)]
    await filled(server, clinic.slug, gone)
    before = await left(server, {"visitor_id": gone})
    others = await left(server, {"visitor_id": kept})
    assert len(before) == len(list(classes_with("visitor_id")))

    receipt = await done(leaving, "eraseVisitor", {}, RECEIPT)

    before.pop("usage_events")  # stays, as nobody's
    assert counts(receipt) == before | {"visitors": 1}
    assert await left(server, {"visitor_id": gone}) == {}
    assert await left(server, {"_id": gone}) == {}
    assert await left(server, {"visitor_id": kept}) == others
    assert await codes(leaving, WHO, {}) == ["TOKEN_REVOKED"]
    assert object_id(await visitor_id_of(staying)) == kept
    again = {"visitorId": global_id("Visitor", gone)}
    assert (await mutate(admin, "eraseVisitor", again, RECEIPT))["code"] == "NOT_FOUND"


async def test_the_answer_that_is_being_given_ends_and_nothing_of_it_is_kept(
    server: ServerProcess, admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    said = Dictation(["Rome ", "was not ", "built."])
    async with model_that_says(said) as model:
        embed_key = await Administrator(admin).chatbot_with_model(model.url)
        visitor = await visitor_of(embed_key)
        visitor_id = object_id(await visitor_id_of(visitor))
        events = asking(visitor, "Was it?")
        said.say_next()
        while (await anext(events))["__typename"] != "AnswerDelta":
            pass

        receipt = await done(
            admin, "eraseVisitor", {"visitorId": global_id("Visitor", visitor_id)}, RECEIPT
        )
        await asyncio.wait_for(model.client_closed.wait(), 5)
        said.say_the_rest()
        rest = await what_comes(events)

    assert "AnswerDelta" not in rest
    assert counts(receipt)["messages"] == 2
    assert await left(server, {"visitor_id": visitor_id}) == {}


async def test_a_visitor_without_a_trace_but_a_token_is_forgotten_too(
    admin: GraphQLClient, clinic: Clinic
) -> None:
    given = {"chatbotId": clinic.chatbot_ids[0], "userId": "anna"}
    made = await done(admin, "createWidgetToken", given, "token { visitor { id } }")
    visitor_id = made["token"]["visitor"]["id"]

    receipt = await done(admin, "eraseVisitor", {"visitorId": visitor_id}, RECEIPT)

    assert counts(receipt) == {"visitors": 1, "widget_tokens": 1}
    anew = await done(admin, "createWidgetToken", given, "token { visitor { id } }")
    assert anew["token"]["visitor"]["id"] != visitor_id


async def test_nobody_is_forgotten_by_a_stranger(
    server: ServerProcess,
    clinic: Clinic,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    visitor = await visitor_of(clinic.embed_keys[0])
    visitor_id = await visitor_id_of(visitor)
    foreign_slug = new_slug()
    await make_client(foreign_slug)
    neighbour = await visitor_of(clinic.embed_keys[0])
    foreigner = await person_of(foreign_slug, "owner")
    for caller in (neighbour, foreigner):
        unknown = [visitor_id, global_id("Visitor", PydanticObjectId(UNKNOWN_OBJECT_ID))]
        for wanted in (*unknown, *MALFORMED_IDS):
            refused = await mutate(caller, "eraseVisitor", {"visitorId": wanted}, RECEIPT)
            assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "visitorId"])
    assert (await mutate(foreigner, "eraseVisitor", {}, RECEIPT))["code"] == "NOT_FOUND"
    assert await visitor_id_of(visitor) == visitor_id
    assert await left(server, {"visitor_id": object_id(visitor_id)})


@pytest.mark.parametrize("role", ["viewer", "agent", "editor", "owner"])
async def test_who_of_a_clients_people_may_erase(
    clinic: Clinic, person_of: PersonOf, visitor_of: VisitorOf, role: str
) -> None:
    visitor_id = await visitor_id_of(await visitor_of(clinic.embed_keys[0]))
    member = await person_of(clinic.slug, role)  # type: ignore[arg-type]
    given = {"input": {"visitorId": visitor_id}}
    if role not in MAY_ERASE:
        assert await codes(member, ERASE, given) == ["FORBIDDEN"]
    else:
        await done(member, "eraseVisitor", given["input"], RECEIPT)


@pytest.mark.parametrize("scope", ["VISITORS_WRITE", "CONVERSATIONS_WRITE", "CONVERSATIONS_READ"])
async def test_which_keys_may_erase(
    server: ServerProcess,
    clinic: Clinic,
    person_of: PersonOf,
    visitor_of: VisitorOf,
    scope: str,
) -> None:
    visitor_id = await visitor_id_of(await visitor_of(clinic.embed_keys[0]))
    owner = await person_of(clinic.slug, "owner")
    client_id = (await owner.execute("{ clients { edges { node { id } } } }"))["clients"]["edges"][
        0
    ]["node"]["id"]
    wanted = {"clientId": client_id, "name": "Shop", "scopes": [scope]}
    key = GraphQLClient(server.url, (await done(owner, "createApiKey", wanted, "secret"))["secret"])
    given = {"input": {"visitorId": visitor_id}}
    if scope == "CONVERSATIONS_READ":
        assert await codes(key, ERASE, given) == ["FORBIDDEN"]
    else:
        await done(key, "eraseVisitor", given["input"], RECEIPT)
    await key.close()


async def test_nobody_in_particular_may_not_erase(nobody: GraphQLClient) -> None:
    assert await codes(nobody, ERASE, {"input": {}}) == ["UNAUTHENTICATED"]


async def test_the_audit_log_tells_who_erased_whom_and_not_what(
    server: ServerProcess,
    admin: GraphQLClient,
    clinic: Clinic,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    owner = await person_of(clinic.slug, "owner")
    given = {"chatbotId": clinic.chatbot_ids[0], "userId": "anna", "userEmail": "anna@example.com"}
    made = await done(admin, "createWidgetToken", given, "widgetToken token { visitor { id } }")
    known = made["token"]["visitor"]["id"]
    await done(owner, "eraseVisitor", {"visitorId": known}, RECEIPT)
    visitor = await visitor_of(clinic.embed_keys[0])
    own = await visitor_id_of(visitor)
    await done(visitor, "eraseVisitor", {}, RECEIPT)

    found = [one for one in await entries(owner, None) if one["action"] == "eraseVisitor"]

    assert [one["targetId"] for one in found] == [own, known]
    assert {one["targetType"] for one in found} == {"Visitor"}
    assert "anna" not in str(found)
    assert found[0]["ipAddress"] is None, "a visitor's address is the visitor's"
