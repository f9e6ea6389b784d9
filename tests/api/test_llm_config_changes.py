"""Changing and deleting LLM configs: who may, what null means, and what is in use stays."""

from tests.api.operations import (
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
)
from tests.api.test_llm_configs import CONFIG, made
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

CHANGED = f"llmConfig {{ {CONFIG} }}"
ISSUES = "... on InvalidInputError { issues { path } }"
CONFLICT = "... on ConflictError { currentRevision current { id } }"
UPDATE, DELETE = mutation("updateLlmConfig"), mutation("deleteLlmConfig")


async def test_what_is_left_out_stays_and_null_brings_the_default_back(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    config = await made(admin, clientId=await make_client(), apiKey="sk-first", maxTokens=7)
    change = {
        "name": "Renamed",
        "model": "gpt-5",
        "apiKey": "sk-second",
        "apiUrl": "https://llm.example.com/v1",
        "temperature": 1.5,
        "inputCostPer1kTokens": "0.25",
        "active": False,
    }
    given = {"id": config["id"], **change}
    changed = (await done(admin, "updateLlmConfig", given, CHANGED))["llmConfig"]
    del change["apiKey"]
    assert changed == config | change | {"revision": 2, "hasApiKey": True}
    async with database_of(server) as database:
        stored = await database.database["llm_configs"].find_one({"name": "Renamed"})
    assert "sk-second" not in str(stored)

    nothing = dict.fromkeys(("apiUrl", "apiKey", "maxTokens", "temperature", "name", "active"))
    given = {"id": config["id"], **nothing}
    cleared = (await done(admin, "updateLlmConfig", given, CHANGED))["llmConfig"]
    assert (cleared["apiUrl"], cleared["hasApiKey"], cleared["name"]) == (None, False, "Renamed")
    assert (cleared["maxTokens"], cleared["temperature"], cleared["active"]) == (1024, 0.3, True)


async def test_refusals_of_a_change(admin: GraphQLClient, make_client: MakeClient) -> None:
    client_id = await make_client()
    config, other = [await made(admin, clientId=client_id) for _ in range(2)]
    taken = {"id": config["id"], "name": other["name"]}
    refused = await mutate(admin, "updateLlmConfig", taken, CHANGED)
    assert (refused["code"], refused["path"]) == ("ALREADY_EXISTS", ["input", "name"])
    wrong = {"name": " ", "maxTokens": 0, "temperature": 3, "apiKeyEnv": "PATH", "apiKey": ""}
    given = {"id": config["id"], **wrong}
    refused = await mutate(admin, "updateLlmConfig", given, CHANGED, ISSUES)
    assert {one["path"][1] for one in refused["issues"]} == set(wrong) - {"apiKey"}
    await done(admin, "updateLlmConfig", {"id": config["id"], "revision": 1, "model": "b"}, CHANGED)
    stale = {"id": config["id"], "revision": 1, "model": "c"}
    refused = await mutate(admin, "updateLlmConfig", stale, CHANGED, CONFLICT)
    assert (refused["currentRevision"], refused["current"]) == (2, {"id": config["id"]})


async def test_members_change_their_own_and_never_addresses(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    config = await made(admin, clientId=await make_client(slug))
    foreign = await made(admin, clientId=await make_client())
    platform = await made(admin)
    editor, agent = await person_of(slug, "editor"), await person_of(slug, "agent")
    await done(editor, "updateLlmConfig", {"id": config["id"], "model": "b"}, CHANGED)
    for field, value in (("apiUrl", "https://evil.example"), ("apiKeyEnv", "PARLANCE_LLM_KEY_A")):
        given = {"id": config["id"], field: value}
        refused = await mutate(editor, "updateLlmConfig", given, CHANGED)
        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", field])
    for wanted in (foreign["id"], "nonsense"):
        for name in ("updateLlmConfig", "deleteLlmConfig"):
            refused = await mutate(editor, name, {"id": wanted}, "__typename")
            assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "id"])
    for document in (UPDATE, DELETE):
        assert await codes(agent, document, {"input": {"id": config["id"]}}) == ["FORBIDDEN"]
        assert await codes(editor, document, {"input": {"id": platform["id"]}}) == ["FORBIDDEN"]


async def test_a_config_in_use_stays_until_no_chatbot_needs_it(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    config = await made(admin, clientId=client_id)
    settings = {"defaultLlmId": config["id"]}
    chatbot_id = await new_chatbot(admin, client_id, settings=settings)
    given = {"id": config["id"]}
    refused = await mutate(admin, "deleteLlmConfig", given, "deletedId")
    assert (refused["__typename"], refused["code"]) == ("RefusedError", "CONFLICT")
    assert "Helper" in refused["message"]

    other = await made(admin, clientId=client_id)
    change = {"id": chatbot_id, "settings": {"defaultLlmId": other["id"]}}
    await done(admin, "updateChatbot", change, "chatbot { id }")
    assert (await mutate(admin, "deleteLlmConfig", given, "deletedId"))["code"] == "CONFLICT"
    await done(admin, "publishChatbot", {"id": chatbot_id}, "chatbot { id }")
    assert await done(admin, "deleteLlmConfig", given, "deletedId")
    assert (await mutate(admin, "deleteLlmConfig", given, "deletedId"))["code"] == "NOT_FOUND"


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    given = {"input": {"id": "x"}}
    operations = {"update": (UPDATE, given), "delete": (DELETE, given)}
    await check_people_only(operations, nobody, await visitor_of())
