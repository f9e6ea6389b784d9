"""The code that people paste into their pages."""

import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from services.publishing.widget_build import integrity_of
from tests.api.operations import Json, codes, done, new_slug
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess
from tests.widget_builds import write_build

SNIPPET = """
query ($id: ID!, $kind: EmbedKind! = SCRIPT) {
  embedSnippet(chatbotId: $id, kind: $kind) { kind html integrity contentSecurityPolicy }
}
"""
KINDS = ("SCRIPT", "INIT", "ELEMENT", "IFRAME", "REACT", "VUE", "ANGULAR")
SOURCE = re.compile(r'src(?:=|: )"([^"]+)"')


@pytest.fixture(scope="module")
def publishing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with a public address and a build of the test's own."""
    folder = tmp_path_factory.mktemp("publishing")
    write_build(folder / "dist")
    process = ServerProcess(
        folder / "data",
        PARLANCE_WIDGET_DIR=str(folder / "dist"),
        PARLANCE_PUBLIC_URL="https://chat.example.com",
    )
    process.start()
    yield process
    process.stop()


@pytest_asyncio.fixture
async def editor(publishing_server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    server = publishing_server
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield caller
    await caller.close()


@pytest_asyncio.fixture
async def chatbot(editor: GraphQLClient) -> Json:
    client = await done(editor, "createClient", {"slug": new_slug(), "name": "A"}, "client { id }")
    given = {
        "clientId": client["client"]["id"],
        "name": 'Tom "&" <Jerry>',
        "settings": {
            "allowedImageHosts": ["images.example"],
        },
    }
    made: Json = (await done(editor, "createChatbot", given, "chatbot { id embedKey }"))["chatbot"]
    return made


async def snippet(caller: GraphQLClient, chatbot: Json, kind: str) -> Json:
    asked = {"id": chatbot["id"], "kind": kind}
    found: Json = (await caller.execute(SNIPPET, asked))["embedSnippet"]
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_names_the_chatbot_and_our_address(
    editor: GraphQLClient, chatbot: Json, kind: str
) -> None:
    found = await snippet(editor, chatbot, kind)

    assert found["kind"] == kind
    assert chatbot["embedKey"] in found["html"]
    assert "https://chat.example.com/" in found["html"]
    assert "%" not in found["html"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "IFRAME"])
async def test_the_script_is_pinned_by_the_hash_of_what_is_served(
    editor: GraphQLClient, chatbot: Json, publishing_server: ServerProcess, kind: str
) -> None:
    found = await snippet(editor, chatbot, kind)

    (source,) = SOURCE.findall(found["html"])
    assert source.startswith("https://chat.example.com/widget.js?build=")
    path = source.removeprefix("https://chat.example.com")
    async with httpx.AsyncClient(base_url=publishing_server.url, trust_env=False) as http:
        served = (await http.get(path)).content
    assert found["integrity"] == integrity_of(served)
    assert found["integrity"] in found["html"]
    assert "anonymous" in found["html"]


async def test_one_line_is_the_default(editor: GraphQLClient, chatbot: Json) -> None:
    found = (await editor.execute(SNIPPET, {"id": chatbot["id"]}))["embedSnippet"]
    assert found["kind"] == "SCRIPT"
    assert found["html"].startswith("<script async src=")
    assert f' data-chatbot="{chatbot["embedKey"]}"></script>' in found["html"]
    assert "\n" not in found["html"]


async def test_it_says_what_a_strict_policy_must_allow(
    editor: GraphQLClient, chatbot: Json
) -> None:
    script, iframe = [await snippet(editor, chatbot, kind) for kind in ("SCRIPT", "IFRAME")]
    assert script["contentSecurityPolicy"] == (
        "script-src https://chat.example.com;"
        " connect-src https://chat.example.com wss://chat.example.com;"
        " img-src https://chat.example.com https://images.example"
    )
    assert iframe["contentSecurityPolicy"] == "frame-src https://chat.example.com"


async def test_names_are_text_and_never_markup(editor: GraphQLClient, chatbot: Json) -> None:
    html = (await snippet(editor, chatbot, "IFRAME"))["html"]
    assert 'title="Tom &quot;&amp;&quot; &lt;Jerry&gt;"' in html
    assert f'src="https://chat.example.com/embed/{chatbot["embedKey"]}"' in html


async def test_without_a_build_there_is_no_snippet_and_a_sentence_why(
    own_server: ServerProcess,
) -> None:
    own_server = ServerProcess(
        own_server.data_dir, PARLANCE_WIDGET_DIR=str(own_server.data_dir / "nothing here")
    )
    own_server.start()
    admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
    data = await admin.execute("{ chatbots { edges { node { id embedKey } } } }")
    (edge,) = data["chatbots"]["edges"]
    try:
        assert await codes(admin, SNIPPET, {"id": edge["node"]["id"]}) == ["WIDGET_NOT_BUILT"]
        assert (await admin.execute(SNIPPET, {"id": "nothing"}))["embedSnippet"] is None
    finally:
        await admin.close()
        own_server.stop()
