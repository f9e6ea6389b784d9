"""Which addresses are the same page."""

import pytest

from services.knowledge.fetching.addresses import folded, may_be_page, page_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("HTTPS://Shop.Example:443/Tea#top", "https://shop.example/Tea"),
        ("http://shop.example", "http://shop.example/"),
        (
            "http://shop.example:8080/a?b=1&utm_source=x&c=2&gclid=3",
            "http://shop.example:8080/a?b=1&c=2",
        ),
        ("https://anna:secret@shop.example/tea", "https://shop.example/tea"),
        ("https://shop.example/tea;jsessionid=1A2B?x", "https://shop.example/tea?x"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/ä"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_the_address_that_a_page_goes_by(written: str, address: str) -> None:
    assert page_address(written) == address


@pytest.mark.parametrize(
    "written", ["http://[x", "http://a:99999/", "http://\u2260\u0338.example/"]
)
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of whichever library looked at it first
        page_address(written)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/b", "http://a.example/b/", True),
        ("https://a.example/%C3%A4", "https://a.example/ä", True),
        ("https://a.example/b?c=1", "https://a.example/b", False),
        ("https://a.example/B", "https://a.example/b", False),
        ("https://a.example:8443/", "https://a.example/", False),
    ],
)
def test_pages_that_are_the_same(one: str, other: str, same: bool) -> None:
    assert (folded(page_address(one)) == folded(page_address(other))) is same


@pytest.mark.parametrize(
    ("address", "may_be"),
    [
        ("https://a.example/b.PNG", False),
        ("https://a.example/b.pdf", True),
        ("https://a.example/v1.2", True),
        ("https://a.example/x.css?v=1", False),
    ],
)
def test_what_may_be_a_page(address: str, may_be: bool) -> None:
    assert may_be_page(address) is may_be
