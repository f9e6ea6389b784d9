import pytest

from services.outgoing.errors import UnsafeAddressError
from services.outgoing.guard import AddressGuard, GuardPolicy
from tests.unit.outgoing.resolvers import ScriptedResolver


def guard_with(policy: GuardPolicy, *answers: str | list[str]) -> AddressGuard:
    return AddressGuard(policy, ScriptedResolver(*answers))


async def refused(guard: AddressGuard, host: str = "receiver.example") -> str:
    with pytest.raises(UnsafeAddressError) as caught:
        await guard.resolve(host, 443)
    assert caught.value.host == host
    return caught.value.reason


async def test_public_addresses_pass() -> None:
    guard = guard_with(GuardPolicy.public_only(), ["8.8.8.8", "2606:4700:4700::1111"])
    found = await guard.resolve("receiver.example", 443)
    assert [str(address) for address in found] == ["8.8.8.8", "2606:4700:4700::1111"]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
async def test_own_network_is_closed_by_default(address: str) -> None:
    assert "not public" in await refused(guard_with(GuardPolicy.public_only(), address))


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    guard = guard_with(GuardPolicy.public_only(), ["8.8.8.8", "10.0.0.1"])
    assert "private" in await refused(guard)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "[::1]"]
)
async def test_loopback_in_any_spelling_is_recognised(host: str) -> None:
    with pytest.raises(UnsafeAddressError):
        await AddressGuard(GuardPolicy.public_only()).resolve(host, 443)


async def test_listed_network_is_open() -> None:
    guard = guard_with(GuardPolicy.public_only(["10.1.0.0/16"]), "10.1.2.3", "10.2.0.1")
    assert await guard.resolve("receiver.example", 443)
    assert "private" in await refused(guard)


async def test_listed_host_may_be_private_under_that_name_only() -> None:
    guard = guard_with(GuardPolicy.public_only(["N8N.Local."]), "10.1.2.3")
    assert await guard.resolve("n8n.local", 443)
    assert "private" in await refused(guard, "other.local")


async def test_listed_host_still_cannot_be_the_metadata_service() -> None:
    guard = guard_with(GuardPolicy.public_only(["n8n.local"]), "169.254.169.254")
    assert "metadata" in await refused(guard, "n8n.local")


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.5", "::1"])
async def test_trusted_policy_opens_the_own_network(address: str) -> None:
    assert await guard_with(GuardPolicy.trusted(), address).resolve("ollama", 11434)


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "224.0.0.1", "fe80::1"])
async def test_trusted_policy_keeps_metadata_and_multicast_closed(address: str) -> None:
    await refused(guard_with(GuardPolicy.trusted(), address))


async def test_name_without_address_does_not_resolve() -> None:
    with pytest.raises(OSError, match="unknown"):
        await guard_with(GuardPolicy.public_only(), []).resolve("nowhere.example", 443)


@pytest.mark.parametrize(
    ("scheme", "host"),
    [("http", "example.com"), ("ftp", "example.com"), ("file", ""), ("https", ""), ("ws", "x.y")],
)
def test_only_https_to_a_host_is_allowed(scheme: str, host: str) -> None:
    with pytest.raises(UnsafeAddressError):
        AddressGuard(GuardPolicy.public_only()).check_url(scheme, host)


def test_plain_http_is_allowed_where_it_is_listed() -> None:
    guard = AddressGuard(GuardPolicy.public_only(["n8n.local", "10.0.0.0/8"]))
    guard.check_url("http", "n8n.local.")
    guard.check_url("http", "10.1.1.1")
    with pytest.raises(UnsafeAddressError, match="use https"):
        guard.check_url("http", "11.1.1.1")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "10.0.0.1", "localhost", "x.localhost", "[::1]"]
)
def test_an_address_written_into_the_url_is_judged_without_asking_dns(host: str) -> None:
    with pytest.raises(UnsafeAddressError, match="not public"):
        AddressGuard(GuardPolicy.public_only()).check_url("https", host)
    AddressGuard(GuardPolicy.trusted()).check_url("http", host)
    guard = AddressGuard(GuardPolicy.public_only(["127.0.0.0/8", "::1", "10.0.0.1"]))
    guard.check_url("https", host)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_no_policy_lets_a_written_address_of_a_cloud_pass(host: str) -> None:
    with pytest.raises(UnsafeAddressError):
        AddressGuard(GuardPolicy.trusted()).check_url("http", host)


def test_broken_network_in_the_list_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/33"):
        GuardPolicy.public_only(["10.0.0.0/33"])
