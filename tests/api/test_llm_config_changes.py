"""Changing and deleting LLM configs: who may, what null means, and what is in use stays."""

from tests.answers import asked, kinds_of
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
from tests.server_process import KEY_VARIABLE, ServerProcess

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

    nothing = dict.fromkeys(("apiUrl", "maxTokens", "temperature", "name", "active"))
    given = {"id": config["id"], **nothing}
    cleared = (await done(admin, "updateLlmConfig", given, CHANGED))["llmConfig"]
    assert (cleared["apiUrl"], cleared["hasApiKey"], cleared["name"]) == (None, True, "Renamed")
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
    assert {one["path"][1] for one in refused["issues"]} == set(wrong)
    await done(admin, "updateLlmConfig", {"id": config["id"], "revision": 1, "model": "b"}, CHANGED)
    stale = {"id": config["id"], "revision": 1, "model": "c"}
    refused = await mutate(admin, "updateLlmConfig", stale, CHANGED, CONFLICT)
    assert (refused["currentRevision"], refused["current"]) == (2, {"id": config["id"]})


async def test_a_change_may_not_make_a_config_that_could_never_answer(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    own = await made(admin, clientId=await make_client())
    shared = await made(admin, provider="OPENAI_COMPATIBLE", apiUrl="http://127.0.0.1:9/v1")
    local = await made(admin, provider="LOCAL", model="")
    for config, change, path in (
        (own, {"apiKey": None}, "apiKey"),
        (own, {"apiKeyEnv": KEY_VARIABLE}, "apiKeyEnv"),
        (own, {"apiUrl": "https://10.0.0.1"}, "apiUrl"),
        (own, {"apiUrl": "https://example.com?k=1"}, "apiUrl"),
        (own, {"totalTimeoutMs": 2000}, "totalTimeoutMs"),
        (shared, {"apiUrl": None}, "apiUrl"),
        (shared, {"apiKeyEnv": "PARLANCE_LLM_KEY_THAT_NOBODY_SET"}, "apiKeyEnv"),
        (local, {"apiKey": "sk-any"}, "apiKey"),
        (local, {"apiUrl": "https://example.com"}, "apiUrl"),
    ):
        given = {"id": config["id"], **change}
        refused = await mutate(admin, "updateLlmConfig", given, CHANGED, ISSUES)
        assert {tuple(one["path"]) for one in refused["issues"]} == {("input", path)}, change


async def test_a_key_moves_from_the_environment_into_the_config_and_back(
    admin: GraphQLClient,
) -> None:
    config = await made(admin, apiKeyEnv=KEY_VARIABLE)
    both = {"id": config["id"], "apiKey": "sk-own"}
    refused = await mutate(admin, "updateLlmConfig", both, CHANGED)
    assert refused["path"] == ["input", "apiKeyEnv"]
    there = {**both, "apiKeyEnv": None}
    sealed = (await done(admin, "updateLlmConfig", there, CHANGED))["llmConfig"]
    assert (sealed["hasApiKey"], sealed["apiKeyEnv"]) == (True, None)
    back = {"id": config["id"], "apiKey": None, "apiKeyEnv": KEY_VARIABLE}
    named = (await done(admin, "updateLlmConfig", back, CHANGED))["llmConfig"]
    assert (named["hasApiKey"], named["apiKeyEnv"]) == (False, KEY_VARIABLE)


async def test_what_an_older_version_let_pass_can_be_renamed_and_switched_off_but_not_on(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    config = await made(admin, clientId=await make_client())
    old = {"sealed_api_key": None, "api_key_env": "PARLANCE_LLM_KEY_GONE", "api_url": "http://a?b"}
    async with database_of(server) as database:
        name = {"name": config["name"]}
        await database.database["llm_configs"].update_one(name, {"$set": old})
    off = {"id": config["id"], "name": "Old one", "active": False}
    assert (await done(admin, "updateLlmConfig", off, CHANGED))["llmConfig"]["name"] == "Old one"
    on = {"id": config["id"], "active": True}
    refused = await mutate(admin, "updateLlmConfig", on, CHANGED, ISSUES)
    assert {one["path"][1] for one in refused["issues"]} == {"apiUrl", "apiKeyEnv"}
    mended = {**on, "apiUrl": None, "apiKeyEnv": None, "apiKey": "sk-own"}
    assert (await done(admin, "updateLlmConfig", mended, CHANGED))["llmConfig"]["active"] is True


async def test_members_change_their_own_and_never_addresses(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    config = await made(admin, clientId=client_id)
    foreign = await made(admin, clientId=await make_client())
    platform = await made(admin)
    editor, agent = await person_of(slug, "editor"), await person_of(slug, "agent")
    await done(editor, "updateLlmConfig", {"id": config["id"], "model": "b"}, CHANGED)
    set_by_admin = await made(
        admin, clientId=client_id, provider="OPENAI_COMPATIBLE", apiUrl="https://llm.example/v1"
    )
    same = {"id": set_by_admin["id"], "apiUrl": "https://llm.example/v1", "model": "c"}
    await done(editor, "updateLlmConfig", same, CHANGED)
    for changed, field, value in (
        (config, "apiUrl", "https://evil.example"),
        (config, "apiKeyEnv", "PARLANCE_LLM_KEY_A"),
        (set_by_admin, "apiUrl", "https://evil.example"),
        (set_by_admin, "apiUrl", None),
    ):
        given = {"id": changed["id"], field: value}
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


async def test_a_model_that_is_switched_off_in_use_answers_nobody_until_it_is_on_again(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf
) -> None:
    client_id = await make_client()
    config = await made(admin, clientId=client_id, provider="LOCAL", model="")
    chosen = {"defaultLlmId": config["id"]}
    given = {"clientId": client_id, "name": "Helper", "settings": chosen}
    chatbot = (await done(admin, "createChatbot", given, "chatbot { id embedKey }"))["chatbot"]
    visitor = await visitor_of(chatbot["embedKey"])
    assert kinds_of(await asked(visitor, "Was ist das hier?"))[-1] == "AnswerCompleted"

    off = {"id": config["id"], "active": False}
    await done(admin, "updateLlmConfig", off, CHANGED)
    last = (await asked(visitor, "Und was ist das?"))[-1]
    assert (last["code"], last["retryable"]) == ("PROVIDER_FAILED", False)
    assert last["text"] == "Dieser Assistent ist zurzeit nicht verfügbar."
    recolour = {"id": chatbot["id"], "settings": {"primaryColor": "#000000"}}
    await done(admin, "updateChatbot", recolour, "chatbot { id }")
    await done(admin, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")
    new = {"clientId": client_id, "name": "Another", "settings": chosen}
    refused = await mutate(admin, "createChatbot", new, "chatbot { id }")
    assert refused["path"] == ["input", "settings", "defaultLlmId"]

    await done(admin, "updateLlmConfig", {**off, "active": True}, CHANGED)
    assert kinds_of(await asked(visitor, "Und jetzt wieder?"))[-1] == "AnswerCompleted"


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    given = {"input": {"id": "x"}}
    operations = {"update": (UPDATE, given), "delete": (DELETE, given)}
    await check_people_only(operations, nobody, await visitor_of())
