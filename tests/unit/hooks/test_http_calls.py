"""Requests of hooks reach the client's hosts, with secrets that no hook ever sees."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

import pytest

from documents.clients import Client
from documents.database.database import Database
from documents.hook_secrets import HookSecret
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from services.cancelling import cancel_and_wait
from services.hooks.http_calls import HookDoor, HookHttp
from services.hooks.sandbox.calls import HttpReply, HttpRequest
from services.hooks.secrets import HookSecrets, reseal_hook_secrets
from services.refusals import InvalidFieldsError
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Resealing, Sealer
from tests.faults.database_process import eventually
from tests.providers.byte_server import Answer, Packets, UntilClosed, byte_server
from tests.unit.outgoing.resolvers import ScriptedResolver

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOST = "api.shop.example"
TOKEN = "sk-very-secret-0123456789"
SEALER = Sealer(DerivedKeys("s" * 40))


async def stored_client(*hosts: str) -> Client:
    client = Client(
        client_id=f"hooks-{PydanticObjectId()}", name="Shop", hook_hosts=list(hosts or (HOST,))
    )
    return await TenantScope.one(client.client_id).of(Client).insert(client)


@asynccontextmanager
async def doors(
    database: Database, address: str = "127.0.0.1", allowed: tuple[str, ...] = (HOST,)
) -> AsyncGenerator[HookHttp, None]:
    secrets = HookSecrets(database, SEALER)
    http = HookHttp(secrets, allowed, ScriptedResolver(address))
    try:
        yield http
    finally:
        await http.close()


async def called(
    door: HookDoor,
    url: str,
    method: Literal["GET", "POST"] = "GET",
    body: str | None = None,
    **headers: str,
) -> HttpReply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await door(HttpRequest(method, url, sent, body))


async def test_a_request_reaches_the_clients_host_and_its_reply_comes_back(
    database: Database,
) -> None:
    answer = Answer([Packets(b'{"status": "sent"}')], headers={"set-cookie": "a=b"})
    async with byte_server(answer) as server, doors(database) as http:
        door = http.door(await stored_client())
        url = f"http://{HOST}:{server.port}/orders/7?key=private"
        reply = await called(door, url, "POST", '{"id": 7}', content_type="application/json")
        assert (reply.status, reply.body, reply.error) == (200, '{"status": "sent"}', None)
        assert "set-cookie" not in reply.headers
        again = await called(door, url)
        assert again.status == 200
        first, second = server.requests
        assert first.body == b'{"id": 7}'
        assert first.headers["content-type"] == "application/json"
        assert "cookie" not in second.headers
    one = door.trace[0]
    assert (one.method, one.status, one.problem) == ("POST", 200, None)
    assert one.url == f"http://{HOST}:{server.port}/orders/7"
    assert one.took_ms > 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://evil.example/", "not among the client's hookHosts"),
        ("https://api.shop.example.evil.example/", "not among the client's hookHosts"),
        ("https://user:pass@api.shop.example/", "may not hold a user or a password"),
        ("ftp://api.shop.example/", "must be a whole one"),
        ("file:///etc/passwd", "must be a whole one"),
        ("/orders/7", "must be a whole one"),
        ("https://api.shop.example/" + "x" * 2_100, "at most 2048 characters"),
        ("https://[", "not among the client's hookHosts"),
        ("https://a\x00b/", "InvalidURL"),
        ("https://xn--0/", "not among the client's hookHosts"),
        ("https://api.shop.example/?k={secret:TOKEN}", "may stand in headers only"),
    ],
)
async def test_other_addresses_are_refused_with_a_sentence(
    database: Database, url: str, said: str
) -> None:
    async with doors(database) as http:
        door = http.door(await stored_client())
        reply = await called(door, url)
    assert reply.status == 0
    assert said in (reply.error or "")
    assert said in (door.trace[0].problem or "")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1"])
async def test_a_listed_name_with_an_address_that_is_not_public_is_refused(
    database: Database, address: str
) -> None:
    async with doors(database, address, allowed=()) as http:
        reply = await called(http.door(await stored_client()), f"https://{HOST}/")
    assert "not public" in (reply.error or "")


async def test_plain_http_and_redirects_lead_nowhere(database: Database) -> None:
    moved = Answer([], 302, {"location": "http://127.0.0.1/inside"})
    async with byte_server(moved) as server, doors(database) as http:
        door = http.door(await stored_client())
        reply = await called(door, f"http://{HOST}:{server.port}/")
        assert (reply.status, server.connections) == (302, 1)
    async with doors(database, allowed=()) as http:
        reply = await called(http.door(await stored_client()), f"http://{HOST}/")
    assert "use https://" in (reply.error or "")


async def test_a_secret_is_sent_to_its_host_and_taken_out_of_the_reply(
    database: Database,
) -> None:
    client = await stored_client(HOST, "other.shop.example")
    secrets, scope = HookSecrets(database, SEALER), TenantScope.one(client.client_id)
    assert await secrets.set(scope, client, "TOKEN", HOST, TOKEN) == ["TOKEN"]
    echo = Answer([Packets(f"you sent {TOKEN}".encode())], headers={"x-token": TOKEN})
    async with (
        byte_server(echo) as server,
        doors(database, allowed=(HOST, "other.shop.example")) as http,
    ):
        door = http.door(client)
        url = f"http://{HOST}:{server.port}/"
        reply = await called(door, url, authorization="Bearer {secret:TOKEN}")
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert reply.body == "you sent {secret:TOKEN}"
        assert TOKEN not in repr((reply, door.trace))
        elsewhere = url.replace(HOST, "other.shop.example")
        reply = await called(door, elsewhere, authorization="Bearer {secret:TOKEN}")
        assert reply.error == "there is no secret TOKEN for other.shop.example"
        reply = await called(door, url, authorization="Bearer {secret:UNKNOWN}")
        assert reply.error == f"there is no secret UNKNOWN for {HOST}"
        assert len(server.requests) == 1


async def test_another_clients_secret_does_not_exist(database: Database) -> None:
    owner, other = await stored_client(), await stored_client()
    secrets = HookSecrets(database, SEALER)
    await secrets.set(TenantScope.one(owner.client_id), owner, "TOKEN", HOST, TOKEN)
    async with byte_server(Answer([])) as server, doors(database) as http:
        url = f"http://{HOST}:{server.port}/"
        reply = await called(http.door(other), url, authorization="{secret:TOKEN}")
        assert reply.error == f"there is no secret TOKEN for {HOST}"
        assert server.connections == 0
    stored = await TenantScope.one(owner.client_id).of(HookSecret).find_one({})
    assert stored is not None
    moved = stored.model_copy(update={"id": PydanticObjectId(), "client_id": other.client_id})
    await TenantScope.one(other.client_id).of(HookSecret).insert(moved)
    async with doors(database) as http:
        reply = await called(http.door(other), f"http://{HOST}/", authorization="{secret:TOKEN}")
    assert "cannot be opened" in (reply.error or "")
    await TenantScope.one(other.client_id).of(HookSecret).delete_many({})


async def test_a_secret_that_cannot_be_opened_is_in_the_way_of_those_who_name_it_alone(
    database: Database,
) -> None:
    client = await stored_client()
    scope = TenantScope.one(client.client_id)
    lost = HookSecrets(database, Sealer(DerivedKeys("l" * 40)))
    await lost.set(scope, client, "LOST", HOST, TOKEN)
    await HookSecrets(database, SEALER).set(scope, client, "TOKEN", HOST, TOKEN)
    async with byte_server(Answer([Packets(TOKEN.encode())])) as server, doors(database) as http:
        door, url = http.door(client), f"http://{HOST}:{server.port}/"
        assert (await called(door, url)).body == "{secret:TOKEN}"
        assert (await called(door, url, authorization="{secret:TOKEN}")).status == 200
        reply = await called(door, url, authorization="{secret:TOKEN} {secret:LOST}")
        assert "cannot be opened" in (reply.error or "")
        assert len(server.requests) == 2
    await scope.of(HookSecret).delete_many({})


async def test_headers_that_are_not_a_hooks_are_refused(database: Database) -> None:
    async with doors(database) as http:
        door = http.door(await stored_client())
        for name in ("Host", "Content-Length", "Cookie", "Proxy-Authorization"):
            reply = await door(HttpRequest("GET", f"https://{HOST}/", {name: "x"}, None))
            assert "is not a hook's to set" in (reply.error or "")
    async with doors(database) as http:
        door = http.door(await stored_client())
        for name, value in (("x", "a\r\nhost: b"), ("a b", "x"), ("x", "ü")):
            reply = await door(HttpRequest("GET", f"https://{HOST}/", {name: value}, None))
            assert "characters that headers cannot have" in (reply.error or "")


async def test_requests_are_bounded_in_number_time_and_size(database: Database) -> None:
    async with byte_server(Answer([Packets(b"x" * 300_000)])) as server, doors(database) as http:
        door = http.door(await stored_client())
        url = f"http://{HOST}:{server.port}/"
        assert "sent more than 262144 bytes" in ((await called(door, url)).error or "")
        long = await called(door, url, "POST", "x" * 70_000)
        assert "65536 bytes" in (long.error or "")
        for _ in range(3):
            await called(door, url)
        assert (await called(door, url)).error == "a run may make 5 requests"
        assert len(door.trace) == 6
    async with byte_server(Answer([UntilClosed()])) as server, doors(database) as http:
        door = replace(http.door(await stored_client()), deadline_s=0.2)
        reply = await called(door, f"http://{HOST}:{server.port}/")
    assert "did not finish within 0.2 s" in (reply.error or "")


async def test_what_a_secret_may_be_is_told_at_once(database: Database) -> None:
    client = await stored_client()
    secrets, scope = HookSecrets(database, SEALER), TenantScope.one(client.client_id)
    with pytest.raises(InvalidFieldsError) as wrong:
        await secrets.set(scope, client, "token", "elsewhere.example", "short")
    assert {one.path for one in wrong.value.issues} == {
        ("input", "name"),
        ("input", "host"),
        ("input", "value"),
    }
    for value in ("with space in it", "line\nbreak-in-it", "ünicode-secret", "x" * 5_000):
        with pytest.raises(InvalidFieldsError):
            await secrets.set(scope, client, "TOKEN", HOST, value)


async def test_a_secret_is_replaced_deleted_and_sealed_anew(database: Database) -> None:
    # Other tests of the same database seal with keys of their own.
    await TenantScope.every_client().of(HookSecret).delete_many({})
    client = await stored_client()
    secrets, scope = HookSecrets(database, SEALER), TenantScope.one(client.client_id)
    await secrets.set(scope, client, "TOKEN", HOST, TOKEN)
    await secrets.set(scope, client, "TOKEN", HOST, TOKEN + "-new")
    await secrets.set(scope, client, "OTHER", HOST, TOKEN)
    assert await secrets.for_host(client.client_id, HOST) == {
        "TOKEN": TOKEN + "-new",
        "OTHER": TOKEN,
    }
    new = Sealer(DerivedKeys("n" * 40))
    assert await reseal_hook_secrets(Resealing(SEALER, new)) >= 2
    assert (await HookSecrets(database, new).for_host(client.client_id, HOST))["OTHER"] == TOKEN
    assert await reseal_hook_secrets(Resealing(new, SEALER)) >= 2
    assert await secrets.set(scope, client, "TOKEN", HOST, None) == ["OTHER"]
    stored = await scope.of(HookSecret).find(limit=10)
    assert TOKEN not in repr(stored)


async def test_a_request_that_is_broken_off_stands_in_the_trace(database: Database) -> None:
    async with byte_server(Answer([UntilClosed()])) as server, doors(database) as http:
        door = http.door(await stored_client())
        asking = asyncio.create_task(called(door, f"http://{HOST}:{server.port}/slow"))
        await eventually(lambda: bool(server.requests), within_s=60)
        await cancel_and_wait(asking)
    (one,) = door.trace
    assert (one.status, one.url) == (None, f"http://{HOST}:{server.port}/slow")
    assert "the time for requests was over" in (one.problem or "")
