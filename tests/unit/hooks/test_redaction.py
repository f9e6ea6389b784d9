"""What a host repeats of a secret does not reach the hook, in whichever everyday form."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from services.hooks.redaction import Redaction

SECRET = 'k/9+"quoted"\\=='


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        quote(SECRET, safe=""),
        "k%2f9%2b%22quoted%22%5c%3d%3d",
        quote(SECRET),
        quote_plus(SECRET),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_found_in_every_everyday_form(form: str) -> None:
    assert Redaction({"KEY": SECRET}).of(f"<{form}>") == "<{secret:KEY}>"


def test_of_two_secrets_that_begin_alike_no_end_is_left() -> None:
    redaction = Redaction({"SHORT": "sk-12345678", "LONG": "sk-12345678-and-more"})
    assert redaction.of("sk-12345678-and-more, sk-12345678") == "{secret:LONG}, {secret:SHORT}"


def test_without_secrets_nothing_changes() -> None:
    assert Redaction({}).of("a{secret:X}b") == "a{secret:X}b"
