"""The guide's code that signs visitors in, run as a client's backend runs it."""

import json
import os
import subprocess
import sys
from base64 import urlsafe_b64decode
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.api.operations import Json, MakeClient, done, mutate, new_chatbot, new_slug
from tests.graphql_clients import GraphQLClient
from tests.providers.node import node_binary
from tests.server_process import ROOT, ServerProcess

FOLDER = ROOT / "examples" / "signing"
GUIDE = ROOT / "docs" / "guide" / "visitors.md"
RUN_SECONDS = 60
USER_ID, EMAIL = "Zoë/17", "zoe@example.com"
LANGUAGES = ["node", "python", pytest.param("php", marks=pytest.mark.php)]
BLOCKS = {"identity_token.mjs": "js", "identity_token.py": "python", "identity_token.php": "php"}
VISITOR = "{ viewer { visitor { userId userEmail } } }"
STARTED = "widgetToken visitorId"


def program_of(language: str, arguments: str) -> list[str]:
    """A command that prints the token for these arguments."""
    match language:
        case "node":
            module = "import { identityToken } from './identity_token.mjs';"
            program = f"{module} process.stdout.write(identityToken({arguments}))"
            return [node_binary(), "--input-type=module", "--eval", program]
        case "python":
            program = f"import identity_token as it; print(it.identity_token({arguments}), end='')"
            return [sys.executable, "-B", "-c", program]
        case _:
            return ["php", "-r", f"require 'identity_token.php'; echo identity_token({arguments});"]


@dataclass(frozen=True)
class Backend:
    """A client's backend, with its chatbot and the variables that it runs with."""

    slug: str
    client_id: str
    embed_key: str
    key_id: str
    secret: str

    def token(self, language: str, arguments: str = f"'{USER_ID}', '{EMAIL}'") -> str:
        own = {"CHAT_CLIENT": self.slug, "CHAT_SIGNING_SECRET": self.secret}
        done_ = subprocess.run(
            program_of(language, arguments),
            cwd=FOLDER,
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=True,
        )
        return done_.stdout


@pytest_asyncio.fixture
async def backend(admin: GraphQLClient, make_client: MakeClient) -> Backend:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    embed_key = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    chatbot = (await admin.execute(embed_key, {"id": chatbot_id}))["chatbot"]
    given = {"clientId": client_id}
    key = await done(admin, "rotateClientSigningKey", given, "secret signingKey { keyId }")
    key_id = key["signingKey"]["keyId"]
    return Backend(slug, client_id, chatbot["embedKey"], key_id, key["secret"])


async def started(server: ServerProcess, backend: Backend, token: str) -> Json:
    """What a page gets that hands the token over, and who its visitor is then."""
    page = GraphQLClient(server.url, origin=server.url)
    given = {"embedKey": backend.embed_key, "identityToken": token}
    result = await mutate(page, "startVisit", given, STARTED)
    if "widgetToken" in result:
        page.token = result["widgetToken"]
        result |= (await page.execute(VISITOR))["viewer"]["visitor"]
    await page.close()
    return result


def part_of(token: str, number: int) -> Json:
    part = token.split(".")[number]
    decoded: Json = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_token_of_the_guides_code_signs_a_visitor_in(
    language: str, server: ServerProcess, backend: Backend
) -> None:
    token = backend.token(language)
    assert part_of(token, 0) == {"alg": "HS256", "typ": "JWT"}, "no kid, as most people write it"
    assert part_of(token, 1).keys() == {"client_id", "user_id", "user_email", "exp"}

    first = await started(server, backend, token)
    assert (first["userId"], first["userEmail"]) == (USER_ID, EMAIL), first
    again = await started(server, backend, backend.token(language))
    assert again["visitorId"] == first["visitorId"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_email_may_be_left_out(
    language: str, server: ServerProcess, backend: Backend
) -> None:
    visitor = await started(server, backend, backend.token(language, "'user-18'"))
    assert (visitor["userId"], visitor["userEmail"]) == ("user-18", None), visitor


async def test_a_new_key_works_beside_the_old_one_until_that_is_retired(
    server: ServerProcess, admin: GraphQLClient, backend: Backend
) -> None:
    old = backend.token("python")
    second = await done(admin, "rotateClientSigningKey", {"clientId": backend.client_id}, "secret")
    deployed = Backend(backend.slug, backend.client_id, backend.embed_key, "", second["secret"])
    new = deployed.token("python")
    both = [await started(server, backend, token) for token in (old, new)]
    assert both[0]["visitorId"] == both[1]["visitorId"], both

    retired = {"clientId": backend.client_id, "retireKeyId": backend.key_id}
    await done(admin, "rotateClientSigningKey", retired, "secret")
    refused = await started(server, backend, old)
    assert refused["code"] == "IDENTITY_REJECTED"
    assert "live signing keys" in refused["message"]
    assert (await started(server, backend, new))["visitorId"] == both[1]["visitorId"]


@pytest.mark.parametrize("name", BLOCKS)
def test_the_guide_shows_the_files_as_they_are(name: str) -> None:
    block = f"```{BLOCKS[name]}\n{(FOLDER / name).read_text()}```\n"
    assert block in GUIDE.read_text()
    assert {one.name for one in FOLDER.iterdir()} - {"__pycache__"} == BLOCKS.keys()


@pytest.mark.php
def test_the_php_code_is_free_of_complaints() -> None:
    checked = subprocess.run(
        ["php", "-d", "error_reporting=-1", "-l", "identity_token.php"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
