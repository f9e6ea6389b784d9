"""The React component of examples/ and the one that people paste: built as they are, and used."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.administration import chatbot_of_demo
from tests.api.operations import Json
from tests.browser.client_site import ClientSite
from tests.browser.conftest import Complaints
from tests.browser.shop_page import built, expect_comes_and_goes, show
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ROOT, ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

EXAMPLE = ROOT / "examples" / "react" / "ParlanceChat.tsx"
REACT = "query ($id: ID!) { embedSnippet(chatbotId: $id, kind: REACT) { html } }"
APPLICATION = """
import {{ StrictMode, useState }} from "react";
import {{ createRoot }} from "react-dom/client";
import {{ ParlanceChat }} from {component};

function Shop() {{
  const [shown, show] = useState(true);
  const [opened, note] = useState(0);
  return (
    <main>
      <button type="button" onClick={{() => show(!shown)}}>Chat on or off</button>
      <output>{{opened}}</output>
      {{shown && <ParlanceChat {{...{settings}}} onReady={{(widget) => {{
        widget.on("open", () => note((count) => count + 1));
      }}}} />}}
    </main>
  );
}}

createRoot(document.querySelector("#shop")).render(<StrictMode><Shop /></StrictMode>);
"""


def program_with(folder: Path, component: Path, settings: dict[str, str]) -> str:
    """A page's program with this component in it."""
    named = json.dumps(str(component))
    application = APPLICATION.format(component=named, settings=json.dumps(settings))
    return built(folder, "shop.jsx", application)


@pytest_asyncio.fixture(loop_scope="module")
async def admin(server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield caller
    await caller.close()


@pytest_asyncio.fixture(loop_scope="module")
async def chatbot(admin: GraphQLClient) -> Json:
    return await chatbot_of_demo(admin)


async def test_the_example_shows_the_widget_while_it_is_mounted_and_answers(
    page: Page,
    complaints: Complaints,
    server: ServerProcess,
    site: ClientSite,
    chatbot: Json,
    tmp_path: Path,
) -> None:
    settings = {"apiUrl": server.url, "chatbot": chatbot["embedKey"]}
    await page.goto(show(site, program_with(tmp_path, EXAMPLE, settings)))

    await expect_comes_and_goes(page)
    await page.get_by_role("button", name="Open chat").click()
    field = page.get_by_label("Your message")
    await field.fill("What is Parlance?")
    await field.press("Enter")

    answer = page.get_by_role("article", name=chatbot["draft"]["name"]).last
    await expect(answer).to_contain_text("Parlance")
    await expect(page.get_by_role("status").first).to_have_text("1")


async def test_the_pasted_component_shows_the_widget_while_it_is_mounted(
    page: Page,
    complaints: Complaints,
    admin: GraphQLClient,
    site: ClientSite,
    chatbot: Json,
    tmp_path: Path,
) -> None:
    pasted = tmp_path / "ParlanceChat.jsx"
    pasted.write_text((await admin.execute(REACT, {"id": chatbot["id"]}))["embedSnippet"]["html"])

    await page.goto(show(site, program_with(tmp_path, pasted, {})))

    await expect_comes_and_goes(page)
