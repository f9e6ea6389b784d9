"""Versions of chatbots: what each changed, going back, and publishing at the same moment."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id, local_id
from tests.api.operations import (
    MALFORMED_IDS,
    MAY_EDIT,
    ROLES,
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
from tests.api.test_chatbots import CONFLICT, FULL, changed, read
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess
from tests.watching import visit_events

VERSION = "id number changedFields changes { field before after } restoredNumber note"
PUBLISHED = f"chatbot {{ revision }} version {{ {VERSION} }}"
VERSIONS = f"""query ($id: ID!, $first: Int! = 100, $after: String) {{
  chatbot(id: $id) {{ versions(first: $first, after: $after) {{
    edges {{ cursor node {{ {VERSION} settings {{ name defaultLlm {{ name active }}
      fallbackLlm {{ name }} }} }} }}
    totalCount pageInfo {{ hasNextPage }}
  }} }}
}}"""
LOG = """query ($id: ID!) { auditLog(clientId: $id, first: 100) { edges { node {
  action targetId changes { field before after }
} } } }"""


async def published(caller: GraphQLClient, chatbot_id: str, **given: Any) -> Json:
    result = await done(caller, "publishChatbot", {"id": chatbot_id, **given}, PUBLISHED)
    version: Json = result["version"]
    return version


async def versions(caller: GraphQLClient, chatbot_id: str, **page: Any) -> Json:
    found = await caller.execute(VERSIONS, {"id": chatbot_id, **page})
    listed: Json = found["chatbot"]["versions"]
    return listed


async def version_ids(caller: GraphQLClient, chatbot_id: str) -> dict[int, str]:
    """The ids of the versions by their numbers."""
    listed = (await versions(caller, chatbot_id))["edges"]
    return {edge["node"]["number"]: edge["node"]["id"] for edge in listed}


async def rolled_back(caller: GraphQLClient, chatbot_id: str, version_id: str) -> Json:
    given = {"id": chatbot_id, "versionId": version_id}
    return await mutate(caller, "rollbackChatbot", given, PUBLISHED)


async def new_model(admin: GraphQLClient, client_id: str, name: str) -> str:
    given = {"clientId": client_id, "name": name, "provider": "LOCAL", "model": "extractive"}
    made = await done(admin, "createLlmConfig", given, "llmConfig { id }")
    return str(made["llmConfig"]["id"])


@pytest_asyncio.fixture
async def client_id(make_client: MakeClient) -> str:
    return await make_client()


@pytest_asyncio.fixture
async def chatbot_id(admin: GraphQLClient, client_id: str) -> str:
    return await new_chatbot(admin, client_id)


async def test_a_version_says_what_it_changed_with_both_values(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    model = await new_model(admin, client_id, "Fast")
    texts: list[Json] = [
        {"language": "EN", "welcomeMessage": "Hi", "starterQuestions": ["One?", "Two?"]},
        {"language": "FR", "placeholder": "Écrire…"},
    ]
    settings = {
        "primaryColor": "#000000",
        "languages": ["EN", "FR"],
        "texts": texts,
        "autoOpen": True,
        "knowledgeMode": "OPEN",
        "customInstructions": "x" * 600,
        "defaultLlmId": model,
        "fallbackLlmId": model,
    }
    await changed(admin, chatbot_id, settings=settings)
    version = await published(admin, chatbot_id)
    assert version["changedFields"] == [
        "autoOpen",
        "customInstructions",
        "defaultLlm",
        "fallbackLlm",
        "knowledgeMode",
        "languages",
        "primaryColor",
        "texts",
    ]
    assert {one["field"]: (one["before"], one["after"]) for one in version["changes"]} == {
        "autoOpen": ("false", "true"),
        "customInstructions": ("", "x" * 499 + "…"),
        "defaultLlm": ("Local", "Fast"),
        "fallbackLlm": (None, "Fast"),
        "knowledgeMode": ("STRICT", "OPEN"),
        "languages": ("EN", "EN\nFR"),
        "primaryColor": ("#1f4fd8", "#000000"),
        "texts.EN.starterQuestions": (None, "One?\nTwo?"),
        "texts.EN.welcomeMessage": (None, "Hi"),
        "texts.FR.placeholder": (None, "Écrire…"),
    }

    texts[0]["starterQuestions"] = ["One?"]
    await changed(admin, chatbot_id, settings={"texts": texts[:1]})
    version = await published(admin, chatbot_id)
    assert version["changedFields"] == ["texts"]
    assert version["changes"] == [
        {"field": "texts.EN.starterQuestions", "before": "One?\nTwo?", "after": "One?"},
        {"field": "texts.FR.placeholder", "before": "Écrire…", "after": None},
    ]


async def test_every_setting_that_differs_is_named_as_in_the_schema(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    model = await new_model(admin, client_id, "Fast")
    settings = FULL | {"defaultLlmId": model, "fallbackLlmId": model}
    await changed(admin, chatbot_id, settings=settings)
    version = await published(admin, chatbot_id)
    assert version["changedFields"] == sorted(FULL.keys() | {"defaultLlm", "fallbackLlm"})


async def test_publishing_again_makes_a_version_that_changes_nothing(
    admin: GraphQLClient, chatbot_id: str
) -> None:
    version = await published(admin, chatbot_id, note="still fine")
    assert version["number"] == 2
    assert (version["changedFields"], version["changes"]) == ([], [])
    assert version["note"] == "still fine"
    assert (await read(admin, chatbot_id))["hasUnpublishedChanges"] is False


async def test_versions_publish_in_the_order_of_their_numbers_however_many_at_once(
    admin: GraphQLClient, chatbot_id: str
) -> None:
    async def edit_and_publish(index: int) -> int:
        await changed(admin, chatbot_id, settings={"name": f"Name {index}"})
        return int((await published(admin, chatbot_id))["number"])

    numbers = await asyncio.gather(*(edit_and_publish(index) for index in range(8)))
    assert sorted(numbers) == list(range(2, 10))
    chatbot = await read(admin, chatbot_id)
    assert (chatbot["published"]["number"], chatbot["revision"]) == (9, 17)
    page = await versions(admin, chatbot_id)
    assert [edge["node"]["number"] for edge in page["edges"]] == list(range(9, 0, -1))
    names = [edge["node"]["settings"]["name"] for edge in page["edges"]]
    for newer, older, edge in zip(names, names[1:], page["edges"], strict=False):
        changes = [{"field": "name", "before": older, "after": newer}]
        assert edge["node"]["changes"] == (changes if newer != older else [])


async def test_of_two_publishings_of_one_revision_one_conflicts(
    admin: GraphQLClient, chatbot_id: str
) -> None:
    given = {"id": chatbot_id, "revision": 1}
    results = await asyncio.gather(
        *(mutate(admin, "publishChatbot", given, PUBLISHED, CONFLICT) for _ in range(2))
    )
    loser, winner = sorted(results, key=lambda one: str(one["__typename"]))
    assert winner["version"]["number"] == 2
    assert loser["__typename"] == "ConflictError"
    assert loser["currentRevision"] == loser["current"]["revision"] == 2


async def test_versions_are_paged_newest_first(admin: GraphQLClient, chatbot_id: str) -> None:
    for _ in range(4):
        await published(admin, chatbot_id)
    page = await versions(admin, chatbot_id, first=2)
    assert [edge["node"]["number"] for edge in page["edges"]] == [5, 4]
    assert (page["totalCount"], page["pageInfo"]) == (5, {"hasNextPage": True})
    await published(admin, chatbot_id)
    rest = await versions(admin, chatbot_id, after=page["edges"][1]["cursor"])
    assert [edge["node"]["number"] for edge in rest["edges"]] == [3, 2, 1]
    for cursor in ("", "nonsense", "🦜", "OTk5OTk5OTk5OTk5OTk5", "LTE"):
        variables = {"id": chatbot_id, "after": cursor}
        assert await codes(admin, VERSIONS, variables) == ["INVALID_INPUT"]


async def test_rolling_back_publishes_the_old_settings_as_a_new_version(
    admin: GraphQLClient, chatbot_id: str
) -> None:
    first = await read(admin, chatbot_id)
    await changed(admin, chatbot_id, settings={"name": "Bad", "position": "TOP_LEFT"})
    await published(admin, chatbot_id)
    ids = await version_ids(admin, chatbot_id)
    result = await rolled_back(admin, chatbot_id, ids[1])
    assert result["__typename"] == "RollbackChatbotSuccess", result
    version = result["version"]
    assert (version["number"], version["restoredNumber"], version["note"]) == (3, 1, None)
    assert version["changedFields"] == ["name", "position"]
    after = await read(admin, chatbot_id)
    assert after["published"]["settings"] == after["draft"] == first["draft"]
    assert (after["hasUnpublishedChanges"], after["revision"]) == (False, 4)
    assert after["published"]["publishedBy"] == first["published"]["publishedBy"]
    assert set(await version_ids(admin, chatbot_id)) == {1, 2, 3}


async def test_opened_widgets_hear_of_a_rollback_at_once(
    admin: GraphQLClient, chatbot_id: str, visitor_of: VisitorOf
) -> None:
    await changed(admin, chatbot_id, settings={"name": "Bad"})
    await published(admin, chatbot_id)
    visitor = await visitor_of((await read(admin, chatbot_id))["embedKey"])
    async with visit_events(visitor) as stream:
        await rolled_back(admin, chatbot_id, (await version_ids(admin, chatbot_id))[1])
        event = await stream.next()
    assert event["kind"] == "CONFIGURATION_PUBLISHED"
    assert event["chatbot"] == {"name": "Helper", "version": 3}


async def test_what_was_not_published_yet_survives_a_rollback(
    admin: GraphQLClient, client_id: str
) -> None:
    settings = {"languages": ["EN", "FR"], "defaultLanguage": "FR"}
    chatbot_id = await new_chatbot(admin, client_id, settings=settings)
    bad = {"name": "Bad", "languages": ["EN", "FR", "DE"], "defaultLanguage": "DE"}
    await changed(admin, chatbot_id, settings=bad)
    await published(admin, chatbot_id)
    await changed(admin, chatbot_id, settings={"contactEmail": "a@b.example", "languages": ["DE"]})
    ids = await version_ids(admin, chatbot_id)
    assert (await rolled_back(admin, chatbot_id, ids[1]))["version"]["number"] == 3
    after = await read(admin, chatbot_id)
    live = after["published"]["settings"]
    assert (live["name"], live["languages"], live["defaultLanguage"]) == (
        "Helper",
        ["EN", "FR"],
        "FR",
    )
    draft = live | {"contactEmail": "a@b.example", "languages": ["DE"], "defaultLanguage": "DE"}
    assert after["draft"] == draft
    assert after["hasUnpublishedChanges"] is True


async def test_only_a_version_of_the_same_chatbot_can_be_rolled_back_to(
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    client_id: str,
    chatbot_id: str,
) -> None:
    slug = new_slug()
    own = await new_chatbot(admin, await make_client(slug))
    sibling = await new_chatbot(admin, client_id)
    editor = await person_of(slug, "editor")
    before = await read(admin, chatbot_id)
    (foreign,) = (await version_ids(admin, chatbot_id)).values()
    nothing = global_id("ChatbotVersion", PydanticObjectId(UNKNOWN_OBJECT_ID))
    for other in (foreign, nothing, own, *MALFORMED_IDS):
        result = await rolled_back(editor, own, other)
        assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", "versionId"])
    assert (await rolled_back(admin, sibling, foreign))["path"] == ["input", "versionId"]
    result = await rolled_back(editor, chatbot_id, foreign)
    assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", "id"])
    assert await read(admin, chatbot_id) == before


@pytest.mark.parametrize("how", ["deleted", "switched off"])
async def test_a_version_whose_model_cannot_answer_is_not_rolled_back_to(
    admin: GraphQLClient, client_id: str, how: str
) -> None:
    model = await new_model(admin, client_id, "Fast")
    chatbot_id = await new_chatbot(admin, client_id, settings={"defaultLlmId": model})
    local = await new_model(admin, client_id, "Slow")
    await changed(admin, chatbot_id, settings={"defaultLlmId": local})
    await published(admin, chatbot_id)
    if how == "deleted":
        await done(admin, "deleteLlmConfig", {"id": model}, "deletedId")
    else:
        await done(admin, "updateLlmConfig", {"id": model, "active": False}, "llmConfig { id }")
    before = await read(admin, chatbot_id)
    result = await rolled_back(admin, chatbot_id, (await version_ids(admin, chatbot_id))[1])
    assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", "versionId"])
    assert "language model" in result["message"]
    assert await read(admin, chatbot_id) == before

    shown = (await versions(admin, chatbot_id))["edges"]
    assert [edge["node"]["settings"]["defaultLlm"] for edge in shown] == [
        {"name": "Slow", "active": True},
        {"name": "(deleted)" if how == "deleted" else "Fast", "active": False},
    ]
    assert shown[0]["node"]["changes"] == [
        {"field": "defaultLlm", "before": "Fast", "after": "Slow"}
    ]


async def test_a_model_that_was_switched_off_is_not_published_anew(
    admin: GraphQLClient, client_id: str
) -> None:
    live, chosen = [await new_model(admin, client_id, name) for name in ("Live", "Chosen")]
    chatbot_id = await new_chatbot(admin, client_id, settings={"defaultLlmId": live})
    settings = {"defaultLlmId": chosen, "fallbackLlmId": chosen}
    await changed(admin, chatbot_id, settings=settings)
    for model in (live, chosen):
        await done(admin, "updateLlmConfig", {"id": model, "active": False}, "llmConfig { id }")
    issues = "... on InvalidInputError { issues { path message } }"
    result = await mutate(admin, "publishChatbot", {"id": chatbot_id}, PUBLISHED, issues)
    assert [one["path"] for one in result["issues"]] == [
        ["input", "draft", "defaultLlm"],
        ["input", "draft", "fallbackLlm"],
    ]
    for field in ("defaultLlmId", "fallbackLlmId"):
        given = {"id": chatbot_id, "settings": {field: live}}
        result = await mutate(admin, "updateChatbot", given, "chatbot { id }")
        assert result["path"] == ["input", "settings", field]

    await done(admin, "updateLlmConfig", {"id": live, "active": True}, "llmConfig { id }")
    await changed(admin, chatbot_id, settings={"defaultLlmId": live, "fallbackLlmId": None})
    await done(admin, "updateLlmConfig", {"id": live, "active": False}, "llmConfig { id }")
    await changed(admin, chatbot_id, settings={"defaultLlmId": live, "primaryColor": "#000000"})
    assert (await published(admin, chatbot_id))["changedFields"] == ["primaryColor"]


async def test_the_audit_log_tells_a_chain_of_states_when_changes_meet(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    names = [f"Name {index}" for index in range(6)]
    await asyncio.gather(
        *(changed(admin, chatbot_id, settings={"name": name}) for name in names),
        published(admin, chatbot_id),
    )
    log = (await admin.execute(LOG, {"id": client_id}))["auditLog"]["edges"]
    steps = [
        (change["before"], change["after"])
        for entry in log
        if entry["node"]["action"] == "updateChatbot"
        for change in entry["node"]["changes"]
        if change["field"] == "draft.name"
    ]
    assert sorted(after for _, after in steps) == names
    following = dict(steps)
    assert len(following) == len(names), "two changes were told to begin from the same state"
    state = "Helper"
    for _ in names:
        state = following[state]
    assert (await read(admin, chatbot_id))["draft"]["name"] == state


async def test_publishing_and_rolling_back_are_recorded(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    await changed(admin, chatbot_id, settings={"name": "New"})
    await published(admin, chatbot_id)
    await rolled_back(admin, chatbot_id, (await version_ids(admin, chatbot_id))[1])
    entries = (await admin.execute(LOG, {"id": client_id}))["auditLog"]["edges"]
    told = [
        (entry["node"]["action"], change["before"], change["after"])
        for entry in entries
        for change in entry["node"]["changes"]
        if change["field"] == "published.name" and entry["node"]["targetId"] == chatbot_id
    ]
    assert told == [
        ("rollbackChatbot", "New", "Helper"),
        ("publishChatbot", "Helper", "New"),
        ("createChatbot", None, "Helper"),
    ]


async def test_editors_and_owners_roll_back(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    chatbot_id = await new_chatbot(admin, await make_client(slug))
    version_id = (await version_ids(admin, chatbot_id))[1]
    for role in ROLES:
        member = await person_of(slug, role)
        given = {"input": {"id": chatbot_id, "versionId": version_id}}
        if role in MAY_EDIT:
            assert "version" in await rolled_back(member, chatbot_id, version_id)
        else:
            assert await codes(member, mutation("rollbackChatbot"), given) == ["FORBIDDEN"]


async def test_a_version_from_before_changes_were_told_still_loads(
    admin: GraphQLClient, chatbot_id: str, server: ServerProcess
) -> None:
    async with database_of(server) as database:
        await database.database["chatbot_versions"].update_many(
            {"chatbot_id": local_id(chatbot_id, "Chatbot")},
            {
                "$unset": {"changes": "", "restored_number": ""},
                "$set": {"changed_fields": ["primary_color", "default_llm_id"]},
            },
        )
    (edge,) = (await versions(admin, chatbot_id))["edges"]
    assert edge["node"]["changedFields"] == ["primaryColor", "defaultLlm"]
    assert (edge["node"]["changes"], edge["node"]["restoredNumber"]) == ([], None)
