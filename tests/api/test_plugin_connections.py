"""Connecting a site's plugin: a code is good once, and what it gives can do little and be ended."""

import asyncio
import hashlib
import io
import time
import zipfile
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest
import pytest_asyncio
from bson import ObjectId

from services.knowledge.source_limits import KnowledgeLimits
from tests.administration import chatbot_of_demo
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    database_of,
    done,
    mutate,
    new_chatbot,
    new_slug,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SITE = "https://shop.example"
PLUGIN = """
query ($id: ID!, $flavour: PluginFlavour! = DIRECTORY) {
  wordpressPlugin(chatbotId: $id, flavour: $flavour) {
    fileName slug version flavour download { url sha256 sizeBytes }
  }
}
"""
KEYS = """
query ($id: ID!) {
  client(id: $id) {
    apiKeys { id name scopes prefix revokedAt }
    signingKeys { keyId retiredAt }
  }
}
"""


@pytest_asyncio.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        yield client


@pytest_asyncio.fixture
async def shop(admin: GraphQLClient, make_client: MakeClient) -> Json:
    """A client with a chatbot: its ids, slug and embed key."""
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    query = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    chatbot = (await admin.execute(query, {"id": chatbot_id}))["chatbot"]
    return {"client": client_id, "slug": slug, "id": chatbot_id, "key": chatbot["embedKey"]}


async def new_code(admin: GraphQLClient, shop: Json, **more: str) -> str:
    given = {"chatbotId": shop["id"], **more}
    made = await done(admin, "createPluginConnection", given, "connectionCode")
    return str(made["connectionCode"])


async def connected(
    http: httpx.AsyncClient, shop: Json, code: str, site: str = SITE
) -> httpx.Response:
    return await http.post(f"/plugins/{shop['key']}/connect", json={"code": code, "siteUrl": site})


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_a_code_becomes_keys_that_are_listed_and_can_do_little(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json, server: ServerProcess
) -> None:
    answer = await connected(http, shop, await new_code(admin, shop))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store, private"
    given = answer.json()
    assert given["clientId"] == shop["slug"]
    assert given["chatbot"]["id"] == shop["id"]
    listed = (await admin.execute(KEYS, {"id": shop["client"]}))["client"]
    (key,) = listed["apiKeys"]
    assert key["name"] == "WordPress shop.example"
    assert sorted(key["scopes"]) == ["KNOWLEDGE_WRITE", "VISITORS_WRITE"]
    assert given["apiKey"].startswith(key["prefix"])
    assert [one["keyId"] for one in listed["signingKeys"]] == [given["signingKeyId"]]
    plugin = GraphQLClient(server.url, given["apiKey"])
    asked = "query ($id: ID!) { conversations(clientId: $id) { totalCount } }"
    told = await plugin.send(asked, {"id": shop["client"]})
    assert told["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    await plugin.close()


async def test_a_code_is_good_for_one_of_many_who_come_at_once(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json
) -> None:
    code = await new_code(admin, shop)
    answers = await asyncio.gather(*(connected(http, shop, code) for _ in range(8)))

    assert sorted(one.status_code for one in answers) == [200] + [403] * 7
    listed = (await admin.execute(KEYS, {"id": shop["client"]}))["client"]
    assert len(listed["apiKeys"]) == len(listed["signingKeys"]) == 1


async def test_a_code_does_not_outlive_its_quarter_of_an_hour(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json, server: ServerProcess
) -> None:
    code = await new_code(admin, shop)
    async with database_of(server) as database:
        codes = database.database["plugin_connections"]
        stored = await codes.find_one({"client_id": shop["slug"]})
        assert stored is not None
        assert code not in str(stored)
        assert (stored["expires_at"] - stored["created_at"]).total_seconds() <= 15 * 60
        ended = {"expires_at": stored["created_at"]}
        await codes.update_one({"_id": stored["_id"]}, {"$set": ended})

    assert error_of(await connected(http, shop, code)) == (403, "INVALID_TOKEN")


@pytest.mark.parametrize("code", ["plc_unknown", "", "🦜", "x" * 5000])
async def test_what_is_no_code_connects_nothing(
    http: httpx.AsyncClient, shop: Json, code: str
) -> None:
    assert (await connected(http, shop, code)).status_code in {400, 403}


async def test_a_code_is_for_its_chatbot_and_its_site(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json
) -> None:
    other = {**shop, "key": "demo"}
    code = await new_code(admin, shop, siteUrl=f"{SITE}/")

    assert error_of(await connected(http, other, code)) == (403, "INVALID_TOKEN")
    stranger = await connected(http, shop, code, "https://evil.example")
    assert error_of(stranger) == (403, "INVALID_TOKEN")
    assert (await connected(http, shop, code, "http://shop.example")).status_code == 200


async def test_revoking_the_api_key_ends_the_signing_key_too(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json, server: ServerProcess
) -> None:
    given = (await connected(http, shop, await new_code(admin, shop))).json()
    (key,) = (await admin.execute(KEYS, {"id": shop["client"]}))["client"]["apiKeys"]
    await done(admin, "revokeApiKey", {"id": key["id"]}, "apiKey { id }")

    signing = (await admin.execute(KEYS, {"id": shop["client"]}))["client"]["signingKeys"]
    assert [bool(one["retiredAt"]) for one in signing] == [True]
    asked = await http.get(
        f"/plugins/{shop['key']}/connection", headers={"Authorization": f"Bearer {given['apiKey']}"}
    )
    assert error_of(asked) == (401, "UNAUTHENTICATED")


async def test_a_plugin_tests_and_ends_its_own_connection(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json
) -> None:
    given = (await connected(http, shop, await new_code(admin, shop))).json()
    path = f"/plugins/{shop['key']}/connection"
    shown = {"Authorization": f"Bearer {given['apiKey']}"}

    told = (await http.get(path, headers=shown, params={"site": "https://shop.example/x"})).json()
    assert told["chatbot"]["origin"] == "https://shop.example"
    assert told["chatbot"]["originAllowed"] is False
    assert (await http.delete(path, headers=shown)).status_code == 204
    assert (await http.get(path, headers=shown)).status_code == 401
    (key,) = (await admin.execute(KEYS, {"id": shop["client"]}))["client"]["apiKeys"]
    assert key["revokedAt"] is not None
    assert (await http.get(path)).status_code == 401


async def test_the_plugins_key_takes_no_place_of_the_clients_own(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json
) -> None:
    await connected(http, shop, await new_code(admin, shop))
    for _ in range(2):
        given = {"clientId": shop["client"]}
        await done(admin, "rotateClientSigningKey", given, "signingKey { keyId }")
    refused = await mutate(admin, "rotateClientSigningKey", {"clientId": shop["client"]}, "secret")
    assert refused["code"] == "LIMIT_REACHED"


async def test_whom_the_plugin_signs_in_can_be_exported_and_erased_by_the_sites_own_id(
    admin: GraphQLClient, http: httpx.AsyncClient, server: ServerProcess
) -> None:
    node = await chatbot_of_demo(admin)
    shop = {"id": node["id"], "key": node["embedKey"]}
    given = (await connected(http, shop, await new_code(admin, shop))).json()
    user = new_slug()
    token = jwt.encode(
        {"client_id": given["clientId"], "user_id": user, "exp": int(time.time()) + 600},
        given["signingSecret"],
        headers={"kid": given["signingKeyId"]},
    )
    visitor = GraphQLClient(server.url, origin=server.url)
    started = {"embedKey": shop["key"], "identityToken": token}
    await done(visitor, "startVisit", started, "visitorId")

    plugin = GraphQLClient(server.url, given["apiKey"])
    exported = await done(plugin, "exportVisitor", {"userId": user}, "download { url }")
    archive = await http.get(exported["download"]["url"])
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        assert user in files.read("visitors.json").decode()
    await done(plugin, "eraseVisitor", {"userId": user}, "erased { collection }")
    gone = await mutate(plugin, "eraseVisitor", {"userId": user}, "erased { collection }")
    assert gone["code"] == "NOT_FOUND"
    await plugin.close()
    await visitor.close()


async def test_another_clients_people_and_keys_reach_nobody_by_that_id(
    admin: GraphQLClient,
    http: httpx.AsyncClient,
    shop: Json,
    server: ServerProcess,
    person_of: PersonOf,
) -> None:
    given = (await connected(http, shop, await new_code(admin, shop))).json()
    plugin = GraphQLClient(server.url, given["apiKey"])
    owner = await person_of(shop["slug"], "owner")
    async with database_of(server) as database:
        signed_in = {"client_id": "demo", "user_id": {"$type": "string"}}
        known = await database.database["visitors"].find_one(signed_in)
    user = known["user_id"] if known else "somebody"
    for caller in (plugin, owner, admin):
        refused = await mutate(caller, "eraseVisitor", {"userId": user}, "erased { collection }")
        assert refused["code"] == "NOT_FOUND"
    await plugin.close()


async def test_the_zip_is_fetched_once_and_is_the_same_for_the_same_chatbot(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json
) -> None:
    first, second = [
        (await admin.execute(PLUGIN, {"id": shop["id"]}))["wordpressPlugin"] for _ in range(2)
    ]
    assert first["download"]["sha256"] == second["download"]["sha256"]
    got = await http.get(first["download"]["url"])
    assert got.status_code == 200
    assert (await http.get(first["download"]["url"])).status_code == 404
    with zipfile.ZipFile(io.BytesIO(got.content)) as files:
        assert all(name.startswith(f"{first['slug']}/") for name in files.namelist())
        assert shop["key"] in files.read(f"{first['slug']}/values.json").decode()


async def test_what_is_announced_as_an_update_is_what_is_served(
    http: httpx.AsyncClient, shop: Json, admin: GraphQLClient
) -> None:
    asked = {"id": shop["id"], "flavour": "SELF_UPDATING"}
    plugin = (await admin.execute(PLUGIN, asked))["wordpressPlugin"]
    announced = (await http.get(f"/plugins/{shop['key']}/update.json")).json()
    served = await http.get(announced["package"])

    assert announced["version"] == plugin["version"]
    assert announced["changelog"]
    assert announced["sha256"] == plugin["download"]["sha256"]
    assert hashlib.sha256(served.content).hexdigest() == announced["sha256"]


@pytest.mark.parametrize("path", ["unknown/update.json", "unknown.zip", "unknown/connection"])
async def test_an_unknown_chatbot_has_no_plugin(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(f"/plugins/{path}")).status_code in {401, 404}


async def test_a_site_address_that_is_none_is_refused(admin: GraphQLClient, shop: Json) -> None:
    given = {"chatbotId": shop["id"], "siteUrl": "shop"}
    refused = await mutate(admin, "createPluginConnection", given, "connectionCode")
    assert refused["code"] == "INVALID_INPUT"
    assert "web address" in refused["message"] or refused["path"]


async def test_neither_code_nor_keys_are_in_the_log(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json, server: ServerProcess
) -> None:
    code = await new_code(admin, shop)
    given = (await connected(http, shop, code)).json()
    for secret in (code, given["apiKey"], given["signingSecret"]):
        assert secret not in server.log


async def source_for(http: httpx.AsyncClient, shop: Json, key: str, site: str = SITE) -> Json:
    answer = await http.post(
        f"/plugins/{shop['key']}/source",
        json={"siteUrl": site},
        headers={"Authorization": f"Bearer {key}"},
    )
    said: Json = answer.json()
    return said


SOURCES = """
query ($id: ID!) { knowledgeSources(chatbotId: $id, first: 10) {
  edges { node { id kind title url } } } }
"""


async def test_a_site_has_one_source_however_often_it_asks(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json
) -> None:
    key = (await connected(http, shop, await new_code(admin, shop))).json()["apiKey"]
    made = await asyncio.gather(*(source_for(http, shop, key) for _ in range(6)))
    again = await source_for(http, shop, key, SITE.replace("https", "http") + "/")

    assert len({one["sourceId"] for one in [*made, again]}) == 1
    listed = (await admin.execute(SOURCES, {"id": shop["id"]}))["knowledgeSources"]["edges"]
    assert [one["node"] for one in listed] == [
        {"id": again["sourceId"], "kind": "PUSH", "title": "WordPress shop.example", "url": SITE}
    ]
    assert (await source_for(http, shop, key, SITE + "/second"))["sourceId"] != again["sourceId"]


async def test_nobody_else_gets_a_source(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json, make_client: MakeClient
) -> None:
    key = (await connected(http, shop, await new_code(admin, shop))).json()["apiKey"]
    other = await make_client(new_slug())
    query = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    chatbot = {"id": await new_chatbot(admin, other)}
    strange = {"key": (await admin.execute(query, chatbot))["chatbot"]["embedKey"]}

    for said in (
        await source_for(http, strange, key),
        await source_for(http, shop, "plk_unknown"),
    ):
        assert said["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    wrong = await source_for(http, shop, key, "no address")
    assert "http(s) address" in wrong["errors"][0]["message"]
    given = {"clientId": shop["client"], "name": "visitors", "scopes": ["VISITORS_WRITE"]}
    made = await done(admin, "createApiKey", given, "secret")
    refused = await source_for(http, shop, made["secret"])
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_chatbot_that_is_full_says_so(
    admin: GraphQLClient, http: httpx.AsyncClient, shop: Json, server: ServerProcess
) -> None:
    key = (await connected(http, shop, await new_code(admin, shop))).json()["apiKey"]
    first = await source_for(http, shop, key)
    async with database_of(server) as database:
        sources = database.database["knowledge_sources"]
        (stored,) = [one async for one in sources.find({"client_id": shop["slug"]})]
        most = KnowledgeLimits().sources_per_chatbot
        await sources.insert_many(
            [{**stored, "_id": ObjectId(), "url": f"{SITE}/{n}"} for n in range(most - 1)]
        )
    assert (await source_for(http, shop, key)) == first
    refused = await source_for(http, shop, key, SITE + "/one-more")
    assert refused["errors"][0]["extensions"]["code"] == "LIMIT_REACHED"
    assert "Delete one there first" in refused["errors"][0]["message"]
