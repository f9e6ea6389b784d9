"""The guide's code that checks a webhook's signature, run as a receiver runs it."""

import base64
import json
import subprocess
import sys
import time

import pytest

from services.integrations.signing import new_webhook_secret, signed_headers
from tests.providers.node import node_binary
from tests.server_process import ROOT

FOLDER = ROOT / "examples" / "receiving"
GUIDE = (ROOT / "docs" / "guide" / "integrations.md").read_text()
RUN_SECONDS = 60
BODY = '{"id": "1", "text": "Größe 中文"}'.encode()
LANGUAGES = ["node", "python", pytest.param("php", marks=pytest.mark.php)]
STRANGE = (
    ("webhook-signature", "v1,é"),
    ("webhook-id", "é"),
    ("webhook-timestamp", "\N{ARABIC-INDIC DIGIT ONE}"),
    ("webhook-timestamp", "9" * 5_000),
)
"""Headers that a stranger may send, and of which a receiver must not fall over."""

FILES = ("verify_webhook.mjs", "verify_webhook.py", "verify_webhook.php")


def program_of(language: str, given: str) -> list[str]:
    """A command that prints whether the request in base64 is believed."""
    match language:
        case "node":
            program = (
                "import { isFromParlance } from './verify_webhook.mjs';"
                f"const one = JSON.parse(Buffer.from('{given}', 'base64').toString());"
                "const body = Buffer.from(one.body, 'base64').toString();"
                "process.stdout.write(String(isFromParlance(body, one.headers, one.secret)))"
            )
            return [node_binary(), "--input-type=module", "--eval", program]
        case "python":
            program = (
                "import base64, json, verify_webhook as v;"
                f"one = json.loads(base64.b64decode('{given}'));"
                "body = base64.b64decode(one['body']);"
                "said = v.is_from_parlance(body, one['headers'], one['secret']);"
                "print(str(said).lower(), end='')"
            )
            return [sys.executable, "-B", "-c", program]
        case _:
            program = (
                "require 'verify_webhook.php';"
                f"$one = json_decode(base64_decode('{given}'), true);"
                "$body = base64_decode($one['body']);"
                "echo json_encode(is_from_parlance($body, $one['headers'], $one['secret']));"
            )
            return ["php", "-r", program]


def believed(language: str, secret: str, headers: dict[str, str], body: bytes) -> bool:
    request = {"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}
    given = base64.b64encode(json.dumps(request).encode()).decode()
    run = subprocess.run(
        program_of(language, given),
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=True,
    )
    assert run.stdout in {"true", "false"}, run
    return run.stdout == "true"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receiver_believes_us_and_nobody_else(language: str) -> None:
    old, new = new_webhook_secret(), new_webhook_secret()
    now = int(time.time())
    headers = dict(signed_headers([new, old], "event-1", now, BODY))
    assert believed(language, new, headers, BODY)
    assert believed(language, old, headers, BODY)
    assert not believed(language, new_webhook_secret(), headers, BODY)
    assert not believed(language, new, headers, BODY + b" ")
    assert not believed(language, new, {**headers, "webhook-id": "event-2"}, BODY)
    late = dict(signed_headers([new], "event-1", now - 3_600, BODY))
    assert not believed(language, new, late, BODY)
    assert not believed(language, new, {}, BODY)
    for field, odd in STRANGE:
        assert not believed(language, new, {**headers, field: odd}, BODY), (field, odd)
    beside = {**headers, "webhook-signature": f"v1,é {headers['webhook-signature']}"}
    assert believed(language, new, beside, BODY)


@pytest.mark.parametrize("name", FILES)
def test_the_guide_shows_what_is_run(name: str) -> None:
    assert (FOLDER / name).read_text().rstrip() in GUIDE
