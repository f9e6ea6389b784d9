"""Origins: what browsers send, what people write into lists, and what neither should mean."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.origins import is_loopback, normalized_origin, origin_allowed

LABELS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=10)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
SCHEMES = st.sampled_from(["http", "https"])
PORTS = st.one_of(st.none(), st.integers(1, 65535))
ORIGINS = st.builds(
    lambda scheme, host, port: f"{scheme}://{host}" + (f":{port}" if port else ""),
    SCHEMES,
    HOSTS,
    PORTS,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://Shop.Example/", "https://shop.example"),
        ("  https://shop.example  ", "https://shop.example"),
        ("HTTPS://SHOP.EXAMPLE:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[2001:DB8::1]", "http://[2001:db8::1]"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER。example:443", "https://xn--bcher-kva.example"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("http://[2001:db8:0:0:0::1]", "http://[2001:db8::1]"),
        ("http://my_machine:3000", "http://my_machine:3000"),
    ],
)
def test_an_origin_has_one_form(text: str, normal: str) -> None:
    assert normalized_origin(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "*",
        "shop.example",
        "//shop.example",
        "https://",
        "https:shop.example",
        "https://shop.example/path",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://user@shop.example",
        "https://user:pass@shop.example",
        "https://@shop.example",
        "https://shop.example:port",
        "https://shop.example:99999",
        "https://shop.example:0",
        "https://shop.example:-1",
        "https://[::1",
        "https://[not-an-address]",
        "https://a b.example",
        "https://a\tb.example",
        "https://a\nb.example",
        "https://shop.example\\@evil.example",
        "https://shop.example%2eevil.example",
        "https://evil.example\x00.shop.example",
        'https://shop.example"',
        "https://*.shop.example",
        "https://shop.example,https://evil.example",
        "https://shop.example https://evil.example",
        "ftp://shop.example",
        "file://",
        "javascript://shop.example",
        "chrome-extension://abcdefgh",
    ],
)
def test_what_is_no_origin_is_none(text: str) -> None:
    assert normalized_origin(text) is None
    assert not origin_allowed(text, [text], development=False)
    assert not origin_allowed(text, ["*"], development=True)


@given(ORIGINS)
def test_every_origin_has_a_normal_form_that_stays(origin: str) -> None:
    normal = normalized_origin(origin)
    assert normal is not None
    assert normalized_origin(normal) == normal
    assert normalized_origin(f" {origin.upper()}/") == normal


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    normal = normalized_origin(text)
    if normal is not None:
        assert normalized_origin(normal) == normal
        assert normal.isascii()


@given(ORIGINS, ORIGINS)
def test_an_origin_is_allowed_where_it_stands_and_nowhere_else(one: str, other: str) -> None:
    listed = [normal for normal in [normalized_origin(one)] if normal]
    assert origin_allowed(one, listed, development=False)
    same = normalized_origin(one) == normalized_origin(other)
    assert origin_allowed(other, listed, development=False) == same
    assert origin_allowed(other, ["*"], development=False)
    assert not origin_allowed(other, [], development=False)


@given(ORIGINS, LABELS)
def test_neighbours_of_an_allowed_origin_are_strangers(origin: str, label: str) -> None:
    normal = normalized_origin(origin) or ""
    scheme, _, host = normal.partition("://")
    for neighbour in (f"{scheme}://{label}.{host}", f"{normal}.{label}", f"{normal}x{label}"):
        assert not origin_allowed(neighbour, [normal], development=False)


@pytest.mark.parametrize(
    ("origin", "here"),
    [
        ("http://localhost", True),
        ("http://localhost:3000", True),
        ("https://127.0.0.1:8000", True),
        ("http://[::1]", True),
        ("http://[::1]:5173", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://[::2]", False),
        ("http://0.0.0.0", False),
        ("https://shop.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_welcome_in_development_only(origin: str, here: bool) -> None:
    assert is_loopback(origin) == here
    if origin:
        assert origin_allowed(origin, [], development=True) == here
        assert not origin_allowed(origin, [], development=False)
