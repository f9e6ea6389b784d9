"""API keys: a server acts within its client and its scopes, until the key ends."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from graphql import GraphQLField, GraphQLObjectType

from documents.ids import PydanticObjectId
from graphql_schema.nodes import KEY_SCOPES, LOOKUPS
from graphql_schema.permissions import KeyWithScope
from graphql_schema.schema import schema
from tests.api.operations import (
    KeyOf,
    MakeClient,
    Operations,
    PersonOf,
    VisitorOf,
    check_people_only,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_key,
    new_slug,
    new_source,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

LIST = "query ($id: ID!) { apiKeys(clientId: $id) { id revokedAt } }"
VIEWER = "{ viewer { user { id } visitor { id } apiKey { name lastUsedAt } } }"
ASK = """
subscription ($input: AskInput!) {
  ask(input: $input) {
    __typename
    ... on AnswerStarted { conversationId messageId }
    ... on AnswerFailed { code text }
    ... on AnswerCompleted { answer { id status } }
  }
}
"""
ASK_ONCE = """
mutation ($input: AskInput!) {
  result: askOnce(input: $input) {
    __typename
    ... on AskOnceSuccess { conversationId messageId }
    ... on UserError { code path }
  }
}
"""


async def visitor_id_of(visitor: GraphQLClient) -> str:
    viewer = (await visitor.execute(VIEWER))["viewer"]
    return str(viewer["visitor"]["id"])


async def embed_key_of(admin: GraphQLClient, chatbot_id: str) -> str:
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    return str((await admin.execute(document, {"id": chatbot_id}))["chatbot"]["embedKey"])


async def test_a_key_is_made_shown_once_and_kept_as_a_hash(
    server: ServerProcess, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner = await person_of(slug, "owner")
    expires = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="milliseconds")
    made = await new_key(owner, client_id, scopes=["ASK", "ASK"], expiresAt=expires)

    key, secret = made["apiKey"], made["secret"]
    assert secret.startswith("plk_")
    assert key["prefix"] == secret[:12]
    assert (key["scopes"], key["client"]) == (["ASK"], {"slug": slug})
    assert key["expiresAt"] == expires.replace("+00:00", "Z")
    async with database_of(server) as database:
        stored = await database.database["api_keys"].find_one({"prefix": key["prefix"]})
    assert stored is not None
    assert secret not in str(stored)


async def test_a_key_says_who_it_is_and_when_it_was_used(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    made = await new_key(admin, client_id)
    assert made["apiKey"]["lastUsedAt"] is None
    caller = GraphQLClient(server.url, made["secret"])
    for _ in range(3):
        viewer = (await caller.execute(VIEWER))["viewer"]
        assert (viewer["user"], viewer["visitor"]) == (None, None)
    document = "query ($id: ID) { client(id: $id) { apiKeys { id lastUsedAt } } }"
    listed = (await admin.execute(document, {"id": client_id}))["client"]["apiKeys"]
    assert listed[0]["lastUsedAt"] is not None
    assert viewer["apiKey"] == {"name": "Shop", "lastUsedAt": listed[0]["lastUsedAt"]}
    await caller.close()


@pytest.mark.parametrize("role", ["viewer", "agent", "editor"])
async def test_only_owners_see_and_make_keys(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, role: str
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    key_id = (await new_key(admin, client_id))["apiKey"]["id"]
    member = await person_of(slug, role)  # type: ignore[arg-type]
    given = {"input": {"clientId": client_id, "name": "A", "scopes": ["ASK"]}}
    assert await codes(member, mutation("createApiKey"), given) == ["FORBIDDEN"]
    revoke = {"input": {"id": key_id}}
    assert await codes(member, mutation("revokeApiKey"), revoke) == ["FORBIDDEN"]
    assert await codes(member, LIST, {"id": client_id}) == ["FORBIDDEN"]
    nested = "query ($id: ID) { client(id: $id) { apiKeys { id } } }"
    assert await codes(member, nested, {"id": client_id}) == ["FORBIDDEN"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert await member.execute(node, {"id": key_id}) == {"node": None}


async def test_keys_of_others_are_unknown(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    await make_client(slug)
    foreign = await make_client()
    key_id = (await new_key(admin, foreign))["apiKey"]["id"]
    owner = await person_of(slug, "owner")
    for wanted in (key_id, foreign, "nonsense"):
        refused = await mutate(owner, "revokeApiKey", {"id": wanted}, "apiKey { id }")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "id"])
        assert await codes(owner, LIST, {"id": wanted}) == ["NOT_FOUND"]
    given = {"clientId": foreign, "name": "A", "scopes": ["ASK"]}
    assert (await mutate(owner, "createApiKey", given, "secret"))["code"] == "NOT_FOUND"


async def test_nobody_visitors_and_keys_make_no_keys(
    nobody: GraphQLClient, visitor_of: VisitorOf, key_of: KeyOf, make_client: MakeClient
) -> None:
    client_id = await make_client()
    operations: Operations = {
        "apiKeys": (LIST, {"id": client_id}),
        "createApiKey": (
            mutation("createApiKey"),
            {"input": {"clientId": client_id, "name": "A", "scopes": ["ASK"]}},
        ),
        "revokeApiKey": (mutation("revokeApiKey"), {"input": {"id": "x"}}),
    }
    await check_people_only(operations, nobody, await visitor_of())
    key = await key_of(client_id)
    for document, variables in operations.values():
        assert await codes(key, document, variables) == ["FORBIDDEN"]


async def test_what_is_wrong_with_a_new_key_is_told_at_once(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    given = {
        "clientId": await make_client(),
        "name": " ",
        "scopes": [],
        "expiresAt": "2020-01-01T00:00:00Z",
    }
    fields = "... on InvalidInputError { issues { path } }"
    result = await mutate(admin, "createApiKey", given, "secret", fields)
    assert sorted(one["path"][1] for one in result["issues"]) == ["expiresAt", "name", "scopes"]


async def test_a_client_has_at_most_fifty_keys_that_live(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    first = (await new_key(admin, client_id))["apiKey"]["id"]
    async with database_of(server) as database:
        keys = database.database["api_keys"]
        one = await keys.find_one({"client_id": slug})
        assert one is not None
        copies = [
            one | {"_id": PydanticObjectId(), "secret_hash": secrets.token_hex()} for _ in range(47)
        ]
        await keys.insert_many(copies)
    given = {"clientId": client_id, "name": "A", "scopes": ["ASK"]}
    fields = "... on LimitReachedError { limit }"
    results = await asyncio.gather(
        *(mutate(admin, "createApiKey", given, "secret", fields) for _ in range(4))
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["CreateApiKeySuccess"] * 2 + ["LimitReachedError"] * 2
    await done(admin, "revokeApiKey", {"id": first}, "apiKey { id }")
    await done(admin, "createApiKey", given, "secret")
    listed = (await admin.execute(LIST, {"id": client_id}))["apiKeys"]
    assert [one["revokedAt"] is None for one in listed] == [True] * 50 + [False]


async def test_a_revoked_key_is_refused_at_once(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    made = await new_key(admin, await make_client())
    caller = GraphQLClient(server.url, made["secret"])
    assert await codes(caller, "{ chatbots { totalCount } }", {}) == []
    given = {"id": made["apiKey"]["id"]}
    revoked = [
        (await done(admin, "revokeApiKey", given, "apiKey { revokedAt }"))["apiKey"]["revokedAt"]
        for _ in range(2)
    ]
    assert revoked[0] is not None
    assert revoked[0] == revoked[1]
    assert await codes(caller, VIEWER, {}) == ["TOKEN_REVOKED"]
    caller.token = made["secret"] + "x"
    assert await codes(caller, VIEWER, {}) == ["UNAUTHENTICATED"]
    await caller.close()


async def test_an_expired_key_is_refused(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    made = await new_key(admin, await make_client())
    async with database_of(server) as database:
        await database.database["api_keys"].update_one(
            {"prefix": made["apiKey"]["prefix"]},
            {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}},
        )
    caller = GraphQLClient(server.url, made["secret"])
    assert await codes(caller, VIEWER, {}) == ["TOKEN_EXPIRED"]
    await caller.close()


async def test_a_key_reaches_its_own_client_and_no_other(
    admin: GraphQLClient, make_client: MakeClient, key_of: KeyOf
) -> None:
    own, foreign = await make_client(), await make_client()
    chatbots = {one: await new_chatbot(admin, one) for one in (own, foreign)}
    key = await key_of(own)

    listed = await key.execute("{ chatbots { edges { node { id } } } clients { totalCount } }")
    assert listed["chatbots"]["edges"] == [{"node": {"id": chatbots[own]}}]
    assert listed["clients"] == {"totalCount": 1}
    one = "query ($id: ID!) { chatbot(id: $id) { id } node(id: $id) { id } }"
    assert await key.execute(one, {"id": chatbots[foreign]}) == {"chatbot": None, "node": None}
    assert (await key.execute(one, {"id": chatbots[own]}))["node"] == {"id": chatbots[own]}
    given = {"id": chatbots[foreign], "active": False}
    assert (await mutate(key, "updateChatbot", given, "chatbot { id }"))["code"] == "NOT_FOUND"
    await done(key, "publishChatbot", {"id": chatbots[own]}, "version { publishedBy { id } }")
    source = await new_source(key, [chatbots[own]])
    assert (await key.execute("{ knowledgeSources { totalCount } }"))["knowledgeSources"]
    await done(key, "deleteKnowledgeSource", {"id": source}, "deletedId")


async def test_a_key_without_the_scope_is_refused(
    admin: GraphQLClient, make_client: MakeClient, key_of: KeyOf
) -> None:
    client_id = await make_client()
    chatbot_id = await new_chatbot(admin, client_id)
    reports = await key_of(client_id, "REPORTS_READ")
    reader = await key_of(client_id, "CHATBOTS_READ")
    update = {"input": {"id": chatbot_id, "active": False}}
    nested = "{ chatbots { edges { node { conversations { totalCount } } } } }"
    own_chatbots = "{ clients { edges { node { chatbots { totalCount } } } } }"
    node = "query ($id: ID!) { node(id: $id) { id } }"

    for document in ("{ chatbots { totalCount } }", "{ conversations { totalCount } }"):
        assert await codes(reports, document, {}) == ["FORBIDDEN"]
    assert await codes(reports, own_chatbots, {}) == ["FORBIDDEN"]
    assert await reports.execute(node, {"id": chatbot_id}) == {"node": None}
    assert await reader.execute(node, {"id": chatbot_id}) == {"node": {"id": chatbot_id}}
    assert await codes(reader, mutation("updateChatbot"), update) == ["FORBIDDEN"]
    assert await codes(reader, nested, {}) == ["FORBIDDEN"]
    ask = {"input": {"text": "Hello?", "idempotencyKey": "k"}}
    assert await codes(reader, ASK_ONCE, ask) == ["FORBIDDEN"]


async def test_a_key_asks_for_a_visitor(
    admin: GraphQLClient, visitor_of: VisitorOf, key_of: KeyOf
) -> None:
    demo = await admin.execute('{ client(slug: "demo") { id chatbots { edges { node { id } } } } }')
    client_id = demo["client"]["id"]
    chatbot_id = demo["client"]["chatbots"]["edges"][-1]["node"]["id"]
    visitor = await visitor_of()
    key = await key_of(client_id, "ASK")
    given = {
        "text": "What is Parlance?",
        "idempotencyKey": secrets.token_hex(8),
        "chatbotId": chatbot_id,
        "visitorId": await visitor_id_of(visitor),
    }
    once = (await key.execute(ASK_ONCE, {"input": given}))["result"]
    events = [data["ask"] async for data in key.subscribe(ASK, {"input": given})]

    assert events[0]["messageId"] == once["messageId"]
    assert events[-1]["answer"]["status"] == "COMPLETE"
    mine = "{ conversations { edges { node { id } } } }"
    listed = (await visitor.execute(mine))["conversations"]["edges"]
    assert listed == [{"node": {"id": once["conversationId"]}}]


async def test_a_key_must_say_for_whom_it_asks_and_a_visitor_may_not(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf, key_of: KeyOf
) -> None:
    own, foreign = await make_client(), await make_client()
    chatbots = {one: await new_chatbot(admin, one) for one in (own, foreign)}
    visitors = {
        one: await visitor_of(await embed_key_of(admin, chatbot))
        for one, chatbot in chatbots.items()
    }
    visitor_ids = {one: await visitor_id_of(visitor) for one, visitor in visitors.items()}
    key = await key_of(own, "ASK")
    bare = {"text": "Hello?", "idempotencyKey": secrets.token_hex(8)}

    result = (await key.execute(ASK_ONCE, {"input": bare}))["result"]
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "chatbotId"])
    half = bare | {"chatbotId": chatbots[own]}
    result = (await key.execute(ASK_ONCE, {"input": half}))["result"]
    assert result["path"] == ["input", "visitorId"]
    events = [data["ask"] async for data in key.subscribe(ASK, {"input": half})]
    assert [one["code"] for one in events] == ["INVALID_INPUT"]

    for chatbot, visitor in ((foreign, own), (own, foreign)):
        wrong = bare | {"chatbotId": chatbots[chatbot], "visitorId": visitor_ids[visitor]}
        result = (await key.execute(ASK_ONCE, {"input": wrong}))["result"]
        assert result["code"] == "NOT_FOUND"
    mine = bare | {"chatbotId": chatbots[own], "visitorId": visitor_ids[own]}
    assert await codes(visitors[own], ASK_ONCE, {"input": mine}) == ["FORBIDDEN"]


async def test_revoking_a_key_ends_what_it_subscribes_to(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    made = await new_key(admin, await make_client(), scopes=["ASK"])
    caller = GraphQLClient(server.url, made["secret"])
    async with caller.socket() as socket:
        await done(admin, "revokeApiKey", {"id": made["apiKey"]["id"]}, "apiKey { id }")
        async with asyncio.timeout(60):
            await socket.raw.wait_closed()
        assert socket.raw.close_code == 4401
    await caller.close()


def test_a_field_is_closed_to_keys_unless_it_says_so() -> None:
    """What keys may use, by root field: a new line here is a decision."""
    opened = {
        name
        for kind in ("Query", "Mutation", "Subscription")
        for name, field in root_fields(kind).items()
        if any(isinstance(rule, KeyWithScope) for rule in rules_of(field))
    }
    assert opened >= {"chatbots", "conversations", "ask", "askOnce", "createChatbot"}
    closed = {"createApiKey", "apiKeys", "createLlmConfig", "createClient", "signOut"}
    assert not opened & closed
    assert set(KEY_SCOPES) < set(LOOKUPS)
    assert {"User", "ApiKey", "SigningKey"}.isdisjoint(KEY_SCOPES)


def root_fields(kind: str) -> dict[str, GraphQLField]:
    root = schema._schema.type_map[kind]
    assert isinstance(root, GraphQLObjectType)
    fields: dict[str, GraphQLField] = root.fields
    return fields


def rules_of(field: GraphQLField) -> list[object]:
    definition = field.extensions["strawberry-definition"]
    return [
        rule
        for extension in definition.extensions
        for rule in getattr(extension, "permissions", [])
    ]
