import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import httpx2
import pytest

from services.outgoing.bounded import send_bounded
from services.outgoing.errors import (
    AnswerEncodedError,
    AnswerTooLargeError,
    AnswerTooLateError,
    UnsafeAddressError,
)
from services.outgoing.guard import AddressGuard, GuardPolicy
from services.outgoing.guarded_client import guarded_http_client, public_authorities
from services.outgoing.guarded_transport import GuardedTransport2
from tests.providers.byte_server import Answer, HangUp, Packets, UntilClosed, byte_server
from tests.unit.outgoing.certificates import server_and_client_tls
from tests.unit.outgoing.resolvers import ScriptedResolver

HELLO = Answer([Packets(b"hello")])


async def test_public_only_client_cannot_reach_loopback() -> None:
    async with byte_server(HELLO) as server, guarded_http_client(GuardPolicy.public_only()) as http:
        for url in (server.url, server.url.replace("http:", "https:")):
            with pytest.raises(UnsafeAddressError):
                await http.get(url)
        assert server.connections == 0


async def test_trusted_client_reaches_loopback() -> None:
    async with byte_server(HELLO) as server, guarded_http_client(GuardPolicy.trusted()) as http:
        assert (await http.get(server.url)).text == "hello"


async def test_rebinding_name_is_resolved_once_and_judged_at_each_connection() -> None:
    resolver = ScriptedResolver("127.0.0.2", "127.0.0.3")
    policy = replace(GuardPolicy.public_only(["127.0.0.2"]), plain_http=True)
    once = Answer([Packets(b"hello")], headers={"connection": "close"})
    async with (
        byte_server(once, host="127.0.0.2") as allowed,
        byte_server(HELLO, host="127.0.0.3", port=allowed.port) as forbidden,
        guarded_http_client(policy, resolver=resolver) as http,
    ):
        url = f"http://rebinding.example:{allowed.port}/"
        assert (await http.get(url)).text == "hello"
        assert resolver.asked == ["rebinding.example"]
        assert allowed.requests[0].headers["host"] == f"rebinding.example:{allowed.port}"
        with pytest.raises(UnsafeAddressError, match="loopback"):
            await http.get(url)
        assert forbidden.connections == 0


async def test_tls_speaks_of_the_name_while_the_socket_goes_to_the_address(
    tmp_path: Path,
) -> None:
    server_tls, client_tls = server_and_client_tls("receiver.example", tmp_path)
    names: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: names.append(name)
    policy = GuardPolicy.public_only(["receiver.example", "other.example"])
    client = guarded_http_client(policy, resolver=ScriptedResolver("127.0.0.1"), tls=client_tls)
    async with byte_server(HELLO, tls=server_tls) as server, client as http:
        assert (await http.get(f"https://receiver.example:{server.port}/")).text == "hello"
        assert names == ["receiver.example"]
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(f"https://other.example:{server.port}/")


async def test_redirects_are_not_followed_by_default_and_judged_when_followed() -> None:
    resolver = ScriptedResolver("127.0.0.1")
    policy = GuardPolicy.public_only(["receiver.example"])
    async with byte_server(HELLO) as inside:
        moved = Answer([], 302, {"location": f"{inside.url}/secret"})
        async with (
            byte_server(moved) as server,
            guarded_http_client(policy, resolver=resolver) as http,
        ):
            url = f"http://receiver.example:{server.port}/"
            assert (await http.get(url)).status_code == 302
            with pytest.raises(UnsafeAddressError):
                await http.get(url, follow_redirects=True)
        assert inside.connections == 0


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with byte_server(HELLO) as proxy, byte_server(HELLO) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with guarded_http_client(GuardPolicy.trusted()) as http:
            assert (await http.get(server.url)).text == "hello"
        assert proxy.connections == 0


async def test_dead_address_gives_way_to_the_next() -> None:
    resolver = ScriptedResolver(["127.0.0.9", "127.0.0.1"])
    async with (
        byte_server(HELLO) as server,
        guarded_http_client(GuardPolicy.trusted(), resolver=resolver) as http,
    ):
        assert (await http.get(f"http://two.example:{server.port}/")).text == "hello"


async def test_listed_name_with_umlauts_is_recognised() -> None:
    policy = GuardPolicy.public_only(["Bücher.example"])
    resolver = ScriptedResolver("127.0.0.1")
    async with byte_server(HELLO) as server, guarded_http_client(policy, resolver=resolver) as http:
        assert (await http.get(f"http://bücher.example:{server.port}/")).text == "hello"
    assert resolver.asked == ["xn--bcher-kva.example"]


async def test_unknown_name_is_a_connect_error() -> None:
    client = guarded_http_client(GuardPolicy.trusted(), resolver=ScriptedResolver([]))
    async with client as http:
        with pytest.raises(httpx.ConnectError, match="does not resolve"):
            await http.get("http://nowhere.example/")


async def test_resolver_that_hangs_ends_at_the_connect_deadline() -> None:
    class Hanging:
        async def resolve(self, _host: str, _port: int) -> list[object]:
            await asyncio.Event().wait()
            return []

    timeout = httpx.Timeout(5.0, connect=0.1)
    client = guarded_http_client(
        GuardPolicy.trusted(),
        resolver=Hanging(),  # type: ignore[arg-type]
        timeout=timeout,
    )
    async with client as http:
        with pytest.raises(httpx.ConnectTimeout):
            await http.get("http://slow.example/")


async def test_sdk_transport_of_the_second_library_is_guarded_alike() -> None:
    guard = AddressGuard(GuardPolicy.public_only(["127.0.0.1"]))
    transport = GuardedTransport2(guard, public_authorities())
    async with (
        byte_server(HELLO) as server,
        byte_server(HELLO, host="127.0.0.2") as forbidden,
        httpx2.AsyncClient(transport=transport, trust_env=False) as http,
    ):
        assert (await http.get(server.url)).text == "hello"
        with pytest.raises(UnsafeAddressError):
            await http.get(forbidden.url)
        assert forbidden.connections == 0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer([HangUp()], status=None), httpx.RemoteProtocolError),
        (Answer([Packets(b"half"), HangUp()]), httpx.RemoteProtocolError),
    ],
)
async def test_network_failures_are_the_librarys_own(answer: Answer, kind: type[Exception]) -> None:
    async with byte_server(answer) as server, guarded_http_client(GuardPolicy.trusted()) as http:
        with pytest.raises(kind):
            await http.get(server.url)


async def test_answer_within_its_bounds_is_read_whole() -> None:
    async with byte_server(HELLO) as server, guarded_http_client(GuardPolicy.trusted()) as http:
        request = http.build_request("POST", server.url, json={"a": 1})
        answer = await send_bounded(http, request, max_bytes=5, deadline_s=2)
        assert (answer.status, answer.body) == (200, b"hello")
        assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_answer_above_its_size_is_cut() -> None:
    endless = Answer([Packets(b"x" * 100_000, 1_000), UntilClosed()])
    async with byte_server(endless) as server, guarded_http_client(GuardPolicy.trusted()) as http:
        request = http.build_request("GET", server.url)
        with pytest.raises(AnswerTooLargeError):
            await send_bounded(http, request, max_bytes=5_000, deadline_s=2)
        await server.client_closed.wait()


async def test_answer_that_trickles_for_ever_is_cut_at_the_deadline() -> None:
    trickle = Answer([Packets(b"x"), UntilClosed()])
    async with byte_server(trickle) as server, guarded_http_client(GuardPolicy.trusted()) as http:
        request = http.build_request("GET", server.url)
        with pytest.raises(AnswerTooLateError):
            await send_bounded(http, request, max_bytes=5_000, deadline_s=0.1)
        await server.client_closed.wait()


async def test_compressed_answer_is_refused() -> None:
    bomb = Answer([Packets(b"\x1f\x8b")], headers={"content-encoding": "gzip"})
    async with byte_server(bomb) as server, guarded_http_client(GuardPolicy.trusted()) as http:
        request = http.build_request("GET", server.url)
        with pytest.raises(AnswerEncodedError):
            await send_bounded(http, request, max_bytes=5_000, deadline_s=2)
