"""The audit log: who changed what, from what to what, and never a secret."""

import asyncio
from typing import Any

from tests.api.operations import (
    Json,
    Listing,
    MakeClient,
    PersonOf,
    VisitorOf,
    check_people_only,
    codes,
    done,
    mutate,
    new_chatbot,
    new_slug,
    new_source,
)
from tests.conftest import PASSWORD, signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

LOG = """query ($id: ID) { auditLog(clientId: $id, first: 100) { totalCount edges { node {
  id at actor action targetId targetType ipAddress changes { field before after }
} } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"


async def entries(caller: GraphQLClient, client_id: str | None) -> list[Json]:
    log = (await caller.execute(LOG, {"id": client_id}))["auditLog"]
    found = [edge["node"] for edge in log["edges"]]
    assert client_id is None or log["totalCount"] == len(found)
    return found


def changed(entry: Json) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one["before"], one["after"]) for one in entry["changes"]}


async def test_a_change_is_recorded_with_before_and_after(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner = await person_of(slug, "owner")
    email = (await owner.execute("{ viewer { user { email } } }"))["viewer"]["user"]["email"]
    given = {"id": client_id, "contactName": "Anna", "hookHosts": ["a.example"]}
    await done(owner, "updateClient", given, "client { id }")

    updated, created = await entries(owner, client_id)
    assert (created["action"], created["actor"]) == ("createClient", "admin@example.com")
    assert (updated["action"], updated["actor"]) == ("updateClient", email)
    assert (updated["targetId"], updated["targetType"]) == (client_id, "Client")
    assert updated["ipAddress"] == "127.0.0.1"
    assert changed(updated) == {
        "contactName": (None, "Anna"),
        "hookHosts": ("[]", '["a.example"]'),
    }


async def test_every_change_is_recorded_and_no_secret(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    config = {"clientId": client_id, "name": "Own", "provider": "OPENAI", "model": "a"}
    config_id = (
        await done(admin, "createLlmConfig", {**config, "apiKey": "sk-first"}, "llmConfig { id }")
    )["llmConfig"]["id"]
    update = {"id": config_id, "apiKey": "sk-second"}
    await done(admin, "updateLlmConfig", update, "llmConfig { id }")
    await done(admin, "deleteLlmConfig", {"id": config_id}, "deletedId")
    chatbot_id = await new_chatbot(admin, client_id)
    change = {"id": chatbot_id, "settings": {"primaryColor": "#000000"}, "active": False}
    await done(admin, "updateChatbot", change, "chatbot { id }")
    await done(admin, "publishChatbot", {"id": chatbot_id}, "chatbot { id }")
    source_id = await new_source(admin, [chatbot_id])
    await done(admin, "deleteKnowledgeSource", {"id": source_id}, "deletedId")
    key = {"clientId": client_id, "name": "Shop", "scopes": ["ASK"]}
    made = await done(admin, "createApiKey", key, "secret apiKey { id }")
    await done(admin, "revokeApiKey", {"id": made["apiKey"]["id"]}, "apiKey { id }")
    signing = await done(admin, "rotateClientSigningKey", {"clientId": client_id}, "secret")
    delete = {"id": chatbot_id, "confirmName": "Helper"}
    await done(admin, "deleteChatbot", delete, "deletedId")

    found = await entries(admin, client_id)
    assert [one["action"] for one in found][::-1] == [
        "createClient",
        "createLlmConfig",
        "updateLlmConfig",
        "deleteLlmConfig",
        "createChatbot",
        "updateChatbot",
        "publishChatbot",
        "addKnowledgeSource",
        "deleteKnowledgeSource",
        "createApiKey",
        "revokeApiKey",
        "rotateClientSigningKey",
        "deleteChatbot",
    ]
    by_action = {one["action"]: one for one in found}
    assert changed(by_action["updateLlmConfig"]) == {"sealedApiKey": (None, None)}
    colors = changed(by_action["updateChatbot"])
    assert colors["draft.primaryColor"][1] == "#000000"
    assert colors["active"] == ("true", "false")
    for secret in ("sk-first", "sk-second", made["secret"], signing["secret"], "v1."):
        assert secret not in str(found)


async def test_a_refused_change_is_not_recorded(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    await mutate(admin, "updateClient", {"id": client_id, "name": " "}, "client { id }")
    assert [one["action"] for one in await entries(admin, client_id)] == ["createClient"]


async def test_deleting_a_client_is_told_in_the_platforms_log(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    given = {"id": client_id, "confirmSlug": slug}
    await done(admin, "deleteClient", given, "deletedId")
    latest = (await entries(admin, None))[0]
    assert (latest["action"], latest["targetId"]) == ("deleteClient", client_id)


async def test_only_owners_read_their_clients_log(
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    nobody: GraphQLClient,
    visitor_of: VisitorOf,
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    own, foreign = await make_client(slug), await make_client(foreign_slug)
    owner, editor = await person_of(slug, "owner"), await person_of(slug, "editor")
    entry_id = (await entries(owner, own))[0]["id"]
    foreign_id = (await entries(admin, foreign))[0]["id"]

    assert [one["id"] for one in await entries(owner, None)] == [entry_id]
    assert await owner.execute(NODE, {"id": entry_id}) == {"node": {"id": entry_id}}
    for reader, wanted in ((owner, foreign_id), (editor, entry_id)):
        assert await reader.execute(NODE, {"id": wanted}) == {"node": None}
    for wanted in (foreign, "nonsense"):
        assert await codes(owner, LOG, {"id": wanted}) == ["NOT_FOUND"]
    for given in ({"id": own}, {}):
        assert await codes(editor, LOG, given) == ["FORBIDDEN"]
    await check_people_only({"auditLog": (LOG, {})}, nobody, await visitor_of())
    listing = Listing(owner, "auditLog", ", $clientId: ID", clientId=own)
    assert (await listing.page(1))["pageInfo"]["hasNextPage"] is False


async def test_changes_at_the_same_moment_are_told_one_after_the_other(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner = await person_of(slug, "owner")
    names = [f"Name {number}" for number in range(6)]
    await asyncio.gather(
        *(
            done(owner, "updateClient", {"id": client_id, "name": name}, "__typename")
            for name in names
        )
    )
    document = """query ($id: ID!) { client(id: $id) { name } auditLog(clientId: $id) { edges {
        node { action changes { field before after } } } } }"""
    found = await owner.execute(document, {"id": client_id})
    changes = [
        (change["before"], change["after"])
        for edge in found["auditLog"]["edges"]
        for change in edge["node"]["changes"]
        if edge["node"]["action"] == "updateClient" and change["field"] == "name"
    ]
    assert {after for _, after in changes} == set(names)
    follows = dict(changes)
    assert len(follows) == len(names), "two changes claim the same name before them"
    name = "A client"
    for _ in names:
        name = follows[name]
    assert name == found["client"]["name"]


ME = "{ viewer { user { id email } } }"
NEWEST = """{ auditLog(first: 5) { edges { node {
  action actor targetId changes { field after }
} } } }"""


async def newest(reader: GraphQLClient) -> list[Json]:
    return [edge["node"] for edge in (await reader.execute(NEWEST))["auditLog"]["edges"]]


async def test_ending_all_sessions_is_recorded(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, server: ServerProcess
) -> None:
    slug = new_slug()
    await make_client(slug)
    member = await person_of(slug, "viewer")
    me = (await member.execute(ME))["viewer"]["user"]
    other = await signed_in(server.url, me["email"], PASSWORD)
    await other.close()
    await done(member, "signOut", {"everywhere": True}, "revokedSessions")
    assert (await newest(admin))[0] == {
        "action": "signOut",
        "actor": me["email"],
        "targetId": me["id"],
        "changes": [{"field": "revokedSessions", "after": "2"}],
    }


async def test_an_account_that_takes_no_more_attempts_is_recorded_once(
    admin: GraphQLClient, nobody: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    await make_client(slug)
    me = (await (await person_of(slug, "viewer")).execute(ME))["viewer"]["user"]
    for email in (me["email"], f"unknown-{me['email']}"):
        for _ in range(8):
            await mutate(nobody, "signIn", {"email": email, "password": "wrong"}, "__typename")
    unknown, known = (await newest(admin))[:2]
    assert (known["action"], known["actor"], known["targetId"]) == ("signIn", me["email"], me["id"])
    assert [one["field"] for one in known["changes"]] == ["throttledUntil"]
    assert (unknown["actor"], unknown["targetId"]) == ("An unknown account", None)
    assert [one["action"] for one in await newest(admin)].count("signIn") == 2
