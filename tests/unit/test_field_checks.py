"""Checks of single fields: what passes and in which form, and how everything is told at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.field_checks import FieldChecks, is_email, is_web_address
from services.refusals import FieldIssue, InvalidFieldsError


def issues_of(checks: FieldChecks) -> tuple[FieldIssue, ...]:
    try:
        checks.done()
    except InvalidFieldsError as error:
        return error.issues
    return ()


def verdict(check: str, value: object, **bounds: object) -> object:
    """The form in which a value passes; None when it is refused with a sentence."""
    checks = FieldChecks("input")
    passed = getattr(checks, check)("field", value, **bounds)
    issues = issues_of(checks)
    if not issues:
        return True if passed is None else passed
    assert [issue.path for issue in issues] == [("input", "field")]
    assert issues[0].message
    return None


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("  Anna  ", "Anna"),
        ("a", "a"),
        ("x" * 10, "x" * 10),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("two\r\nlines", "two\nlines"),
        ("🦜", "🦜"),
        ("", None),
        ("   ", None),
        ("x" * 101, None),
        ("a\x00b", None),
        ("a\x1bb", None),
        ("a\rb", None),
        ("a\x7fb", None),
        ("a\x85b", None),
        ("a\ud800b", None),
    ],
)
def test_text(value: str, passed: str | None) -> None:
    assert verdict("text", value, longest=100) == passed


def test_a_line_is_a_text_without_ends_of_lines() -> None:
    assert verdict("line", " Anna ", longest=10) == "Anna"
    for value in ("two\nlines", "a\ttab", "", "x" * 11, "a\ud800b"):
        assert verdict("line", value, longest=10) is None


@pytest.mark.parametrize("value", ["a", "a-b", "shop-2", "0", "a" * 63])
def test_slugs(value: str) -> None:
    assert verdict("slug", value) == value


@pytest.mark.parametrize(
    "value", ["", "-a", "a-", "A", "a_b", "a b", "a.b", "ä", "a\n", "a" * 64, "\uff41", "\u0661"]
)
def test_what_is_no_slug(value: str) -> None:
    assert verdict("slug", value) is None


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("anna@example.com", "anna@example.com"),
        (" Anna@Example.COM ", "anna@example.com"),
        ("anna+tag@mail.example.co.uk", "anna+tag@mail.example.co.uk"),
        ("o'neil@example.com", "o'neil@example.com"),
    ],
)
def test_emails(value: str, passed: str) -> None:
    assert verdict("email", value) == passed


@pytest.mark.parametrize(
    "value",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@example",
        "anna@@example.com",
        "anna example@example.com",
        "anna@exam ple.com",
        "anna@example..com",
        "anna@.example.com",
        "a@b.example,c@d.example",
        "Anna <anna@example.com>",
        "anna@example.com\n",
        "anna@example.com\nBcc: x@y.example",
        "an\x00na@example.com",
        "an\ud800na@example.com",
        "an\u202ena@example.com",
        "x" * 65 + "@example.com",
        "anna@" + "x." * 130 + "com",
    ],
)
def test_what_is_no_email(value: str) -> None:
    assert not is_email(value)


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("Shop.Example.com", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("München.example.", "xn--mnchen-3ya.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("日本語。jp", "xn--wgv71a119e.jp"),
        ("\u2100.example", None),
        ("ü..example", None),
        ("mün chen.example", None),
        ("ü" * 64 + ".example", None),
        ("https://shop.example.com", None),
        ("shop.example.com/path", None),
        ("shop.example.com:80", None),
        ("shop..example", None),
        ("-shop.example", None),
        ("shop_example.com", None),
        ("", None),
        ("a." * 127 + "com", None),
    ],
)
def test_domains(value: str, passed: str | None) -> None:
    assert verdict("domain", value) == passed


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("UTC", True),
        ("Europe/Berlin", True),
        ("America/Argentina/Ushuaia", True),
        ("Europe/Atlantis", False),
        ("europe/berlin", False),
        ("../../etc/passwd", False),
        ("\x00", False),
        ("", False),
    ],
)
def test_time_zones(zone: str, known: bool) -> None:
    assert verdict("time_zone", zone) == (zone if known else None)


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("#1F4fd8", "#1f4fd8"),
        ("#000000", "#000000"),
        (" #FfF ", "#ffffff"),
        ("#1aF", "#11aaff"),
        ("1f4fd8", None),
        ("#ffff", None),
        ("#ff", None),
        ("#", None),
        ("#1f4fd8ff", None),
        ("#1f4fdg", None),
        ("red", None),
        ("#1f4fd8;background:url(//x)", None),
        ("", None),
    ],
)
def test_colors(value: str, passed: str | None) -> None:
    assert verdict("color", value) == passed


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com",
        "http://example.com:8080/a?b=c#d",
        "https://[2001:db8::1]/",
        "https://bücher.example/ä",
    ],
)
def test_web_addresses(value: str) -> None:
    assert verdict("web_address", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "example.com",
        "//example.com",
        "/path",
        "https://",
        "https:///path",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://@example.com",
        "https://example.com:port",
        "https://example.com:99999",
        "https://exam ple.com",
        "https://example.com/a b",
        "https://example.com/\n",
        " https://example.com",
        "https://[::1",
        "ftp://example.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://example.com/\x00",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_what_is_no_web_address(value: str) -> None:
    assert verdict("web_address", value) is None


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    for check in ("slug", "email", "domain", "color", "web_address", "time_zone"):
        passed = verdict(check, text)
        assert passed is None or verdict(check, passed) == passed
    assert is_web_address(text) in {True, False}


def test_numbers_and_lists_have_bounds() -> None:
    for number, fits in ((0, True), (10, True), (-1, False), (10.5, False), (float("nan"), False)):
        assert (verdict("number", number, least=0, most=10) is True) == fits
    assert verdict("at_most", [1, 2], most=2) is True
    assert verdict("at_most", [1, 2, 3], most=2) is None


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    checks = FieldChecks("input")
    checks.slug("slug", "Not A Slug")
    texts = checks.within("settings", "texts", "0")
    texts.text("welcomeMessage", "", longest=10)
    checks.email("contactEmail", "anna@example.com")
    with pytest.raises(InvalidFieldsError) as refused:
        checks.done()
    assert [issue.path for issue in refused.value.issues] == [
        ("input", "slug"),
        ("input", "settings", "texts", "0", "welcomeMessage"),
    ]
    assert "input.slug: needs" in str(refused.value)


def test_nothing_wrong_is_nothing_told() -> None:
    FieldChecks("input").done()
