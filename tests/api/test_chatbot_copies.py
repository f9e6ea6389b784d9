"""Chatbots as documents, brought to other clients, and cloned."""

import asyncio
import base64
import json
from typing import Any

import pytest
import pytest_asyncio

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from services.chatbots.portable import FORM
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
    new_source,
)
from tests.api.test_chatbots import FULL, SETTINGS
from tests.api.test_uploads import HTML, SVG, bomb, fetched
from tests.api.uploading import picture, upload
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

MADE = f"chatbot {{ id active embedKey client {{ slug }} draft {{ {SETTINGS} }} }}"
ISSUES = "... on InvalidInputError { issues { path message } }"


@pytest_asyncio.fixture
async def client_id(make_client: MakeClient) -> str:
    return await make_client()


async def exported(caller: GraphQLClient, chatbot_id: str) -> str:
    document = "query ($id: ID!) { exportChatbot(id: $id) }"
    return str((await caller.execute(document, {"id": chatbot_id}))["exportChatbot"])


async def imported(caller: GraphQLClient, client_id: str, document: str) -> Json:
    given = {"clientId": client_id, "document": document}
    made: Json = (await done(caller, "importChatbot", given, MADE))["chatbot"]
    return made


async def refused(caller: GraphQLClient, client_id: str, document: str) -> list[Json]:
    given = {"clientId": client_id, "document": document}
    result = await mutate(caller, "importChatbot", given, MADE, ISSUES)
    assert result["__typename"] == "InvalidInputError", result
    issues: list[Json] = result["issues"]
    return issues


async def rich_chatbot(admin: GraphQLClient, client_id: str, kind: str = "PNG") -> str:
    """A chatbot with everything that a chatbot can have."""
    told = (await upload(admin, picture(kind, (700, 300), color="#fa30108f"), client_id)).json()
    model = {"clientId": client_id, "name": "Own", "provider": "LOCAL", "model": "extractive"}
    config = (await done(admin, "createLlmConfig", model, "llmConfig { id }"))["llmConfig"]["id"]
    settings = FULL | {"fallbackLlmId": config, "logoUploadId": told["uploadId"]}
    del settings["name"]
    return await new_chatbot(admin, client_id, name="Robo", settings=settings)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_what_was_exported_and_imported_exports_as_before(
    admin: GraphQLClient, client_id: str, kind: str
) -> None:
    document = await exported(admin, await rich_chatbot(admin, client_id, kind))
    made = await imported(admin, client_id, document)
    assert not made["active"], "nobody has looked at it yet"
    assert await exported(admin, made["id"]) == document
    assert made["draft"]["fallbackLlm"] == {"name": "Own"}
    served = await fetched(made["draft"]["logoUrl"])
    assert served.headers["content-type"] == f"image/{kind.lower()}"
    says = json.loads(document)
    assert says["version"] == 1
    assert says["settings"]["fallbackLlm"] == {"name": "Own", "of": "CLIENT"}
    assert says["settings"]["position"] == "TOP_LEFT"


async def test_a_document_holds_no_ids_and_no_secrets(
    admin: GraphQLClient, server: ServerProcess, client_id: str
) -> None:
    chatbot_id = await rich_chatbot(admin, client_id)
    slug, facts = await facts_of(admin, chatbot_id)
    document = await exported(admin, chatbot_id)
    async with database_of(server) as database:
        ids = [one["_id"] async for one in database.database["llm_configs"].find()]
    for secret in (chatbot_id, client_id, slug, facts["embedKey"], *map(str, ids)):
        assert secret not in document


async def facts_of(admin: GraphQLClient, chatbot_id: str) -> tuple[str, Json]:
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey client { slug } } }"
    facts = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]
    return facts["client"]["slug"], facts


async def test_another_installation_draws_the_pictures_anew(
    admin: GraphQLClient, client_id: str
) -> None:
    hidden = picture(size=(32, 32), color="#222222") + HTML
    logo = {"base64": base64.b64encode(hidden).decode()}
    made = await imported(admin, client_id, a_document(logo=logo))
    assert b"script" not in (await fetched(made["draft"]["logoUrl"])).content


async def test_what_a_document_leaves_out_is_as_in_a_new_chatbot(
    admin: GraphQLClient, client_id: str
) -> None:
    made = await imported(admin, client_id, a_document())
    fresh = await done(admin, "createChatbot", {"clientId": client_id, "name": "Guide"}, MADE)
    assert made["draft"] == fresh["chatbot"]["draft"]


def a_document(**settings: Any) -> str:
    return of_settings({"name": "Guide"} | settings)


def of_settings(settings: Any, **more: Any) -> str:
    return json.dumps({"format": "parlance.chatbot", "version": 1, "settings": settings} | more)


def pictured(content: bytes) -> Json:
    return {"base64": base64.b64encode(content).decode()}


WRONG: dict[str, tuple[str, list[str], str]] = {
    "no JSON": ("{", [], "is not JSON (line 1, column 2)"),
    "nothing": ("", [], "is not JSON"),
    "deep": ("[" * 100_000, [], "is not JSON"),
    "a number of many digits": ("9" * 10_000, [], "is not JSON"),
    "a list": ("[]", ["format"], "parlance.chatbot"),
    "another format": ('{"version": 1}', ["format"], "parlance.chatbot"),
    "another version": (of_settings({}, version=2), ["version"], "must be 1"),
    "a version that is true": (of_settings({}, version=True), ["version"], "must be 1"),
    "too long": (a_document(customInstructions="x" * FORM.most_characters), [], "at most 1400000"),
    "no settings": ('{"format":"parlance.chatbot","version":1}', ["settings"], "is needed"),
    "settings that are none": (of_settings([]), ["settings"], "must be an object"),
    "no name": (of_settings({}), ["settings", "name"], "is needed"),
    "unknown": (a_document(secret="x"), ["settings", "secret"], "is not known here"),
    "unknown beside": (of_settings({"name": "A"}, more=1), ["more"], "is not known here"),
    "half a name": (of_settings({"name": "A", "\ud800": 1}), ["settings"], "must be a text"),
    "half a model": (
        a_document(defaultLlm={"name": "\ud800"}),
        ["settings", "defaultLlm", "name"],
        "half",
    ),
    "half a text": (
        a_document(contactUrl="https://a.example/\ud800"),
        ["settings", "contactUrl"],
        "",
    ),
    "ids": (a_document(defaultLlmId="TGxt"), ["settings", "defaultLlmId"], "is not known here"),
    "a type": (a_document(autoOpen="yes"), ["settings", "autoOpen"], "true or false"),
    "null": (a_document(primaryColor=None), ["settings", "primaryColor"], "must be a text"),
    "a number": (a_document(autoOpenDelayMs=True), ["settings", "autoOpenDelayMs"], "whole"),
    "huge": (a_document(autoOpenDelayMs=10**40), ["settings", "autoOpenDelayMs"], "between 0"),
    "a colour": (a_document(primaryColor="red"), ["settings", "primaryColor"], "#1f4fd8"),
    "an enum": (a_document(position="MIDDLE"), ["settings", "position"], "one of BOTTOM_RIGHT"),
    "languages": (a_document(languages=["XX"]), ["settings", "languages", "0"], "one of EN"),
    "a text": (
        a_document(texts=[{"language": "EN", "placeholder": "x" * 201}]),
        ["settings", "texts", "0", "placeholder"],
        "between 1 and 200",
    ),
    "an origin": (a_document(allowedOrigins=["a"]), ["settings", "allowedOrigins", "0"], "https"),
    "another's model": (
        a_document(defaultLlm={"name": "Own", "of": "CLIENT"}),
        ["settings", "defaultLlm", "name"],
        "this client's own",
    ),
    "no base64": (a_document(logo={"base64": "é"}), ["settings", "logo", "base64"], "base64"),
    "svg": (a_document(logo=pictured(SVG)), ["settings", "logo", "base64"], "PNG or WebP"),
    "a bomb": (
        a_document(bubbleIcon=pictured(bomb(60_000, 60_000))),
        ["settings", "bubbleIcon", "base64"],
        "at most 4096",
    ),
    "both": (
        a_document(logo=pictured(picture()), logoUrl="https://a.example/b.png"),
        ["settings", "logo"],
        "without logoUrl",
    ),
}


async def test_what_is_wrong_is_told_with_its_path_in_the_document(
    admin: GraphQLClient, server: ServerProcess, client_id: str
) -> None:
    for case, (document, path, message) in WRONG.items():
        issues = await refused(admin, client_id, document)
        assert [one["path"] for one in issues] == [["input", "document", *path]], case
        assert message in issues[0]["message"], case
    page = await admin.execute(
        "query ($id: ID!) { chatbots(clientId: $id) { totalCount } }", {"id": client_id}
    )
    assert page["chatbots"]["totalCount"] == 0


async def test_everything_that_is_wrong_is_told_at_once_within_reason(
    admin: GraphQLClient, client_id: str
) -> None:
    both = a_document(primaryColor="red", contactEmail="nobody", defaultLlm={"name": "None"})
    paths = {one["path"][-1] for one in await refused(admin, client_id, both)}
    assert paths == {"primaryColor", "contactEmail", "name"}
    many = of_settings({"name": "A"} | {f"unknown{number}": 1 for number in range(1_000)})
    assert len(await refused(admin, client_id, many)) == 50


async def test_a_clone_is_the_draft_switched_off_and_knows_nothing(
    admin: GraphQLClient, client_id: str
) -> None:
    source = await rich_chatbot(admin, client_id)
    await new_source(admin, [source])
    given = {"id": source, "clientId": client_id, "name": " Twin "}
    clone = (await done(admin, "cloneChatbot", given, MADE))["chatbot"]
    document = f"query ($id: ID!) {{ chatbot(id: $id) {{ embedKey draft {{ {SETTINGS} }} }} }}"
    original = (await admin.execute(document, {"id": source}))["chatbot"]
    assert clone["draft"] == original["draft"] | {"name": "Twin"}
    assert clone["embedKey"] != original["embedKey"]
    assert not clone["active"]
    knowledge = "query ($id: ID!) { knowledgeSources(chatbotId: $id) { totalCount } }"
    found = await admin.execute(knowledge, {"id": clone["id"]})
    assert found["knowledgeSources"]["totalCount"] == 0


async def test_a_clone_for_another_client_leaves_behind_what_is_the_clients_own(
    admin: GraphQLClient, make_client: MakeClient, client_id: str
) -> None:
    source = await rich_chatbot(admin, client_id)
    slug = new_slug()
    given = {"slug": slug, "name": "Other", "domain": "other.example"}
    other = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]
    given = {"id": source, "clientId": other, "name": "Robo"}
    clone = (await done(admin, "cloneChatbot", given, MADE))["chatbot"]
    assert clone["client"]["slug"] == slug
    assert clone["draft"]["fallbackLlm"] is None
    assert clone["draft"]["defaultLlm"] == {"name": "Local"}
    assert clone["draft"]["allowedOrigins"] == ["https://other.example"]
    assert clone["draft"]["texts"] == FULL["texts"]
    own_slug = (await facts_of(admin, source))[0]
    await done(admin, "deleteClient", {"id": client_id, "confirmSlug": own_slug}, "deletedId")
    assert (await fetched(clone["draft"]["logoUrl"])).status_code == 200, "its own copy"


async def test_a_clone_needs_an_editor_of_both(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id, foreign = await make_client(slug), await make_client()
    source, foreign_source = [await new_chatbot(admin, one) for one in (client_id, foreign)]
    editor, viewer = await person_of(slug, "editor"), await person_of(slug, "viewer")

    async def cloned(caller: GraphQLClient, source_id: str, target: str) -> Json:
        given = {"id": source_id, "clientId": target, "name": "Twin"}
        return await mutate(caller, "cloneChatbot", given, MADE, ISSUES)

    unknown = str(global_id("Chatbot", PydanticObjectId()))
    assert await cloned(editor, foreign_source, client_id) == await cloned(
        editor, unknown, client_id
    )
    to_foreign = await cloned(editor, source, foreign)
    assert to_foreign == await cloned(editor, source, str(global_id("Client", PydanticObjectId())))
    assert (to_foreign["code"], to_foreign["path"]) == ("NOT_FOUND", ["input", "clientId"])
    given = {"input": {"id": source, "clientId": client_id, "name": "Twin"}}
    assert await codes(viewer, mutation("cloneChatbot"), given) == ["FORBIDDEN"]
    document = {"input": {"clientId": client_id, "document": a_document()}}
    assert await codes(viewer, mutation("importChatbot"), document) == ["FORBIDDEN"]
    export = "query ($id: ID!) { exportChatbot(id: $id) }"
    assert (await editor.execute(export, {"id": foreign_source}))["exportChatbot"] is None
    assert (await viewer.execute(export, {"id": source}))["exportChatbot"]
    named = await mutate(
        editor, "cloneChatbot", {**given["input"], "name": "two\nlines"}, MADE, ISSUES
    )
    assert [one["path"] for one in named["issues"]] == [["input", "name"]]


async def test_copies_at_once_do_not_exceed_the_limit(
    admin: GraphQLClient, server: ServerProcess, client_id: str
) -> None:
    source = await new_chatbot(admin, client_id)
    slug, _ = await facts_of(admin, source)
    async with database_of(server) as database:
        chatbots = database.database["chatbots"]
        stored = await chatbots.find_one({"client_id": slug})
        assert stored
        copies = [
            stored | {"_id": PydanticObjectId(), "embed_key": f"{slug}-{number}"}
            for number in range(997)
        ]
        await chatbots.insert_many(copies)

        async def copied(number: int) -> str:
            given: Json = {"clientId": client_id}
            if number % 2:
                given |= {"id": source, "name": "Twin"}
                name = "cloneChatbot"
            else:
                given |= {"document": a_document()}
                name = "importChatbot"
            return str((await mutate(admin, name, given, MADE))["__typename"])

        outcomes = await asyncio.gather(*[copied(number) for number in range(6)])
        assert outcomes.count("LimitReachedError") == 4
        assert await chatbots.count_documents({"client_id": slug}) == 1000


async def test_the_log_says_of_what_a_clone_was_made(
    admin: GraphQLClient, server: ServerProcess, client_id: str
) -> None:
    source = await new_chatbot(admin, client_id)
    given = {"id": source, "clientId": client_id, "name": "Twin"}
    await done(admin, "cloneChatbot", given, MADE)
    slug, facts = await facts_of(admin, source)
    key = facts["embedKey"]
    async with database_of(server) as database:
        wanted = {"client_id": slug, "action": "cloneChatbot"}
        (entry,) = await database.database["audit_log"].find(wanted).to_list()
    assert {one["field"]: one.get("after") for one in entry["changes"]}["clonedFrom"] == key
