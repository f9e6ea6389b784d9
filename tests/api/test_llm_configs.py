"""LLM configs: the platform's and the clients', and keys that go in and never come out."""

import asyncio
import base64
import secrets
from typing import Any

import bson
import pytest

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from tests.api.operations import (
    MALFORMED_IDS,
    MAY_EDIT,
    ROLES,
    UNKNOWN_OBJECT_ID,
    Json,
    Listing,
    MakeClient,
    Operations,
    PersonOf,
    VisitorOf,
    check_paging,
    check_people_only,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import KEY_VARIABLE, ServerProcess

CONFIG = """
id client { slug } name provider langchainProvider model apiUrl apiKeyEnv hasApiKey maxTokens
temperature connectTimeoutMs firstTokenTimeoutMs betweenTokensTimeoutMs totalTimeoutMs
maxConcurrency isFallback inputCostPer1kTokens outputCostPer1kTokens active revision
"""
BY_ID = f"query ($id: ID!) {{ llmConfig(id: $id) {{ {CONFIG} }} }}"
ISSUES = "... on InvalidInputError { issues { path message } }"
OPERATIONS: Operations = {
    "llmConfigs": ("{ llmConfigs { totalCount } }", {}),
    "llmConfig": ("query ($id: ID!) { llmConfig(id: $id) { id } }", {"id": "x"}),
    "createLlmConfig": (
        mutation("createLlmConfig"),
        {"input": {"name": "A", "provider": "LOCAL", "model": ""}},
    ),
}
DEFAULTS = {
    "langchainProvider": None,
    "apiUrl": None,
    "apiKeyEnv": None,
    "hasApiKey": False,
    "maxTokens": 1024,
    "temperature": 0.3,
    "connectTimeoutMs": 5000,
    "firstTokenTimeoutMs": 20000,
    "betweenTokensTimeoutMs": 20000,
    "totalTimeoutMs": 120000,
    "maxConcurrency": 50,
    "isFallback": False,
    "inputCostPer1kTokens": "0",
    "outputCostPer1kTokens": "0",
    "active": True,
    "revision": 1,
}


def wanted(**more: Any) -> Json:
    name = f"Model {secrets.token_hex(4)}"
    given = {"name": name, "provider": "OPENAI", "model": "gpt-4o-mini", **more}
    needs_key = given["provider"] == "OPENAI" and not more.keys() & {"apiUrl", "apiKeyEnv"}
    return {"apiKey": "sk-any", **given} if needs_key else given


async def made(caller: GraphQLClient, **more: Any) -> Json:
    result = await done(caller, "createLlmConfig", wanted(**more), f"llmConfig {{ {CONFIG} }}")
    config: Json = result["llmConfig"]
    return config


async def refusal(caller: GraphQLClient, **more: Any) -> Json:
    return await mutate(caller, "createLlmConfig", wanted(**more), "llmConfig { id }", ISSUES)


async def test_a_config_has_defaults_and_an_owner(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    slug = new_slug()
    given = wanted(clientId=await make_client(slug), name=" Padded ")
    result = await done(admin, "createLlmConfig", given, f"llmConfig {{ {CONFIG} }}")
    config = result["llmConfig"]
    assert config == DEFAULTS | {
        "id": config["id"],
        "client": {"slug": slug},
        "hasApiKey": True,
        "name": "Padded",
        "provider": "OPENAI",
        "model": "gpt-4o-mini",
    }
    assert await admin.execute(BY_ID, {"id": config["id"]}) == {"llmConfig": config}


async def test_everything_that_is_given_is_kept(admin: GraphQLClient) -> None:
    given = wanted(
        provider="LANGCHAIN",
        langchainProvider="openai",
        apiUrl="https://models.example.com/v1",
        apiKeyEnv=KEY_VARIABLE,
        maxTokens=1,
        temperature=0,
        connectTimeoutMs=100,
        firstTokenTimeoutMs=500,
        betweenTokensTimeoutMs=500,
        totalTimeoutMs=1000,
        maxConcurrency=1,
        isFallback=True,
        inputCostPer1kTokens="0.000000001",
        outputCostPer1kTokens="1E+3",
    )
    result = await done(admin, "createLlmConfig", given, f"llmConfig {{ {CONFIG} }}")
    config = result["llmConfig"]
    assert config == DEFAULTS | given | {
        "id": config["id"],
        "client": None,
        "outputCostPer1kTokens": "1000",
        "inputCostPer1kTokens": "0.000000001",
    }
    assert await admin.execute(BY_ID, {"id": config["id"]}) == {"llmConfig": config}


async def test_everything_that_is_wrong_is_told_at_once(admin: GraphQLClient) -> None:
    wrong: Json = {
        "name": "",
        "model": " ",
        "langchainProvider": "mistralai",
        "apiUrl": "file:///etc/passwd",
        "apiKeyEnv": "PATH",
        "apiKey": "",
        "maxTokens": 0,
        "temperature": 2.1,
        "connectTimeoutMs": 99,
        "firstTokenTimeoutMs": 300_001,
        "betweenTokensTimeoutMs": 0,
        "totalTimeoutMs": -1,
        "maxConcurrency": 10_001,
        "inputCostPer1kTokens": "-0.1",
        "outputCostPer1kTokens": "1000.01",
    }
    result = await refusal(admin, **wrong)
    assert result["__typename"] == "InvalidInputError"
    assert {tuple(one["path"]) for one in result["issues"]} == {("input", one) for one in wrong}


async def test_what_a_provider_needs_is_asked_for(admin: GraphQLClient) -> None:
    for more, path in (
        ({"provider": "OPENAI_COMPATIBLE"}, "apiUrl"),
        ({"provider": "LANGCHAIN"}, "langchainProvider"),
        ({"provider": "LANGCHAIN", "langchainProvider": "os; rm"}, "langchainProvider"),
        ({"apiKey": None}, "apiKey"),
        ({"provider": "ANTHROPIC"}, "apiKey"),
        ({"provider": "LANGCHAIN", "langchainProvider": "anthropic"}, "apiKey"),
        ({"provider": "LOCAL", "apiKey": "sk-any"}, "apiKey"),
        ({"provider": "LOCAL", "apiUrl": "https://example.com"}, "apiUrl"),
        ({"provider": "LOCAL", "apiKeyEnv": KEY_VARIABLE}, "apiKeyEnv"),
        ({"apiKeyEnv": "PARLANCE_SECRET_KEY"}, "apiKeyEnv"),
        ({"apiKeyEnv": "PARLANCE_LLM_KEY_"}, "apiKeyEnv"),
        ({"apiKeyEnv": "PARLANCE_LLM_KEY_THAT_NOBODY_SET"}, "apiKeyEnv"),
        ({"apiKeyEnv": KEY_VARIABLE, "apiKey": "sk-any"}, "apiKeyEnv"),
        ({"apiKey": "two\nlines"}, "apiKey"),
        ({"apiKey": "x" * 4097}, "apiKey"),
        ({"inputCostPer1kTokens": "0.0000000001"}, "inputCostPer1kTokens"),
        ({"inputCostPer1kTokens": "1E-7000"}, "inputCostPer1kTokens"),
        ({"inputCostPer1kTokens": "1E+7000"}, "inputCostPer1kTokens"),
        ({"inputCostPer1kTokens": "0." + "1" * 50}, "inputCostPer1kTokens"),
    ):
        result = await refusal(admin, **more)
        assert result["path"] == ["input", path], more


@pytest.mark.parametrize(
    "address",
    [
        "https://user:s3cret@example.com",
        "https://s3cret@example.com",
        "https://example.com/?key=s3cret",
        "https://example.com/v1?",
        "https://example.com/v1#s3cret",
        "ftp://example.com/s3cret",
        "example.com",
        "http://169.254.169.254/s3cret",
        "http://[fd00:ec2::254]/",
    ],
)
async def test_an_address_that_could_hold_a_secret_or_reach_a_cloud_is_refused_and_not_repeated(
    admin: GraphQLClient, address: str
) -> None:
    result = await refusal(admin, apiUrl=address)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "apiUrl"])
    assert "s3cret" not in str(result)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "http://models.example.com/v1"}, "apiUrl"),
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://127.0.0.1/v1"}, "apiUrl"),
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://127.1/v1"}, "apiUrl"),
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://0x0a000001/v1"}, "apiUrl"),
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://[::1]/v1"}, "apiUrl"),
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://localhost:8080/v1"}, "apiUrl"),
        ({"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://192.168.1.5/v1"}, "apiUrl"),
        ({"provider": "OLLAMA"}, "apiUrl"),
        ({"apiKeyEnv": KEY_VARIABLE}, "apiKeyEnv"),
        (
            {"provider": "LANGCHAIN", "langchainProvider": "ollama", "apiUrl": "https://a.example"},
            "provider",
        ),
    ],
)
async def test_a_clients_config_reaches_public_addresses_with_a_key_of_its_own(
    admin: GraphQLClient, make_client: MakeClient, more: Json, path: str
) -> None:
    """Also when a platform admin makes it; the same is right for the whole platform."""
    result = await refusal(admin, clientId=await make_client(), **more)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", path])
    if "http://models" not in str(more):
        assert (await made(admin, **more))["client"] is None


async def test_a_server_that_speaks_openais_protocol_may_need_no_key(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    public = {"provider": "OPENAI_COMPATIBLE", "apiUrl": "https://models.example.com/v1"}
    assert (await made(admin, clientId=await make_client(), **public))["hasApiKey"] is False
    gateway = {"provider": "ANTHROPIC", "apiUrl": "http://10.0.0.7:4000"}
    assert (await made(admin, **gateway))["hasApiKey"] is False


@pytest.mark.parametrize(
    ("name", "problem"),
    [("mistralai", "is not installed"), ("skynet", "LangChain cannot build")],
)
async def test_a_provider_that_langchain_cannot_make_here_is_refused(
    admin: GraphQLClient, name: str, problem: str
) -> None:
    result = await refusal(admin, provider="LANGCHAIN", langchainProvider=name)
    assert result["path"] == ["input", "langchainProvider"]
    assert problem in result["message"]


@pytest.mark.parametrize(
    ("timeouts", "path"),
    [
        ({"firstTokenTimeoutMs": 120_001}, "firstTokenTimeoutMs"),
        ({"betweenTokensTimeoutMs": 130_000}, "betweenTokensTimeoutMs"),
        (
            {
                "connectTimeoutMs": 2001,
                "totalTimeoutMs": 2000,
                "firstTokenTimeoutMs": 500,
                "betweenTokensTimeoutMs": 500,
            },
            "connectTimeoutMs",
        ),
        ({"totalTimeoutMs": 19_999, "firstTokenTimeoutMs": 500}, "totalTimeoutMs"),
    ],
)
async def test_timeouts_that_contradict_each_other_are_refused(
    admin: GraphQLClient, timeouts: Json, path: str
) -> None:
    result = await refusal(admin, **timeouts)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", path])
    assert "totalTimeoutMs" in result["message"]


async def test_a_name_is_given_once_per_owner(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    name = f"Model {secrets.token_hex(4)}"
    for client_id in (None, await make_client(), await make_client()):
        given = wanted(clientId=client_id, name=name)
        results = await asyncio.gather(
            *(mutate(admin, "createLlmConfig", given, "llmConfig { id }") for _ in range(4))
        )
        kinds = sorted(one["__typename"] for one in results)
        assert kinds == ["AlreadyExistsError"] * 3 + ["CreateLlmConfigSuccess"]
        taken = next(one for one in results if one["__typename"] == "AlreadyExistsError")
        assert taken["path"] == ["input", "name"]


async def test_a_key_goes_in_sealed_and_never_comes_out(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    key = f"sk-{secrets.token_hex(24)}"
    client_id = await make_client()
    given = wanted(clientId=client_id, apiKey=key)
    config_id = (await done(admin, "createLlmConfig", given, "llmConfig { id hasApiKey }"))[
        "llmConfig"
    ]
    assert config_id["hasApiKey"] is True

    answers = [
        (await admin.post(BY_ID, {"id": config_id["id"]})).text,
        (await admin.post(mutation("createLlmConfig"), {"input": given})).text,
        (await admin.post(mutation("createLlmConfig"), {"input": given | {"name": ""}})).text,
        server.log,
    ]
    assert not [answer for answer in answers if key in answer]
    hidden = (key.encode(), base64.b64encode(key.encode()))
    async with database_of(server) as database:
        for name in await database.database.list_collection_names():
            async for document in database.database[name].find():
                stored = bson.encode(document)
                assert not any(form in stored for form in hidden), name


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    await check_people_only(OPERATIONS, nobody, await visitor_of())


async def test_editors_and_owners_make_configs_with_keys_of_their_own(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    create = mutation("createLlmConfig")
    for role in ROLES:
        member = await person_of(slug, role)
        for_all = {"input": wanted()}
        assert await codes(member, create, for_all) == ["FORBIDDEN"]
        if role not in MAY_EDIT:
            given = {"input": wanted(clientId=client_id)}
            assert await codes(member, create, given) == ["FORBIDDEN"]
            continue
        config = await made(member, clientId=client_id, apiKey="sk-own")
        assert config["hasApiKey"] is True
        for field, value in (
            ("apiUrl", "https://models.example.com"),
            ("apiUrl", "http://169.254.169.254/"),
            ("apiKeyEnv", "PARLANCE_LLM_KEY_OPENAI"),
        ):
            result = await refusal(member, clientId=client_id, **{field: value})
            assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", field])


async def test_members_use_the_platforms_configs_without_their_addresses(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    address = {
        "apiUrl": "https://models.example.com",
        "apiKeyEnv": KEY_VARIABLE,
    }
    platform = await made(admin, **address)
    own = await made(admin, clientId=client_id, apiUrl=address["apiUrl"])
    chatbot_id = await new_chatbot(admin, client_id, settings={"defaultLlmId": platform["id"]})
    owner = await person_of(slug, "owner")

    assert platform | address == platform
    hidden = platform | {"apiUrl": None, "apiKeyEnv": None}
    assert await owner.execute(BY_ID, {"id": platform["id"]}) == {"llmConfig": hidden}
    assert await owner.execute(BY_ID, {"id": own["id"]}) == {"llmConfig": own}
    document = (
        f"query ($id: ID!) {{ chatbot(id: $id) {{ draft {{ defaultLlm {{ {CONFIG} }} }} }} }}"
    )
    found = await owner.execute(document, {"id": chatbot_id})
    assert found["chatbot"]["draft"]["defaultLlm"] == hidden
    listed = await owner.post(f"{{ llmConfigs(first: 100) {{ edges {{ node {{ {CONFIG} }} }} }} }}")
    assert platform["id"] in listed.text
    assert address["apiKeyEnv"] not in listed.text


async def test_a_foreign_config_is_an_unknown_one(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    own_client, foreign_client = await make_client(slug), await make_client()
    foreign = (await made(admin, clientId=foreign_client))["id"]
    own = (await made(admin, clientId=own_client))["id"]
    platform = (await made(admin))["id"]
    own_chatbot = await new_chatbot(admin, own_client)
    owner = await person_of(slug, "owner")
    nothing = global_id("LlmConfig", PydanticObjectId(UNKNOWN_OBJECT_ID))

    for other in (foreign, nothing, own_client, *MALFORMED_IDS):
        assert await owner.execute(BY_ID, {"id": other}) == {"llmConfig": None}
    for other in (foreign_client, own, *MALFORMED_IDS):
        result = await mutate(owner, "createLlmConfig", wanted(clientId=other), "llmConfig { id }")
        assert (result["code"], result["path"]) == ("NOT_FOUND", ["input", "clientId"])
        listing = Listing(owner, "llmConfigs", ", $clientId: ID", clientId=other)
        assert await listing.codes(20) == ["NOT_FOUND"]
    for field in ("defaultLlmId", "fallbackLlmId"):
        given = {"id": own_chatbot, "settings": {field: foreign}}
        result = await mutate(owner, "updateChatbot", given, "chatbot { id }")
        assert result["path"] == ["input", "settings", field]
        await done(
            owner,
            "updateChatbot",
            {"id": own_chatbot, "settings": {field: own}},
            "chatbot { id }",
        )

    seen = await Listing(owner, "llmConfigs").ids()
    assert {own, platform} <= set(seen)
    assert foreign not in seen
    of_admin = await Listing(admin, "llmConfigs", ", $clientId: ID", clientId=own_client).ids()
    assert of_admin == seen


async def test_configs_are_paged_newest_first(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    listing = Listing(admin, "llmConfigs", ", $clientId: ID", clientId=client_id)
    platforms = (await listing.all_ids())[::-1]

    async def add() -> str:
        return str((await made(admin, clientId=client_id))["id"])

    own = [await add() for _ in range(3)]
    await check_paging(listing, platforms + own, add)
