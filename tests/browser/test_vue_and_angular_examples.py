"""The Vue and Angular components of examples/ and those that people paste: built as they are.

Vue's are compiled by Vue's own compiler before they are bundled, Angular's by its own in the
browser.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.administration import chatbot_of_demo
from tests.browser.client_site import ClientSite
from tests.browser.conftest import Complaints
from tests.browser.shop_page import built, expect_comes_and_goes, expect_opening_is_told, show
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ROOT, ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SNIPPET = (
    "query ($id: ID!, $kind: EmbedKind!) { embedSnippet(chatbotId: $id, kind: $kind) { html } }"
)
VUE = """
import { createApp, h, ref } from "vue";
import ParlanceChat from COMPONENT;

createApp({
  setup() {
    const shown = ref(true);
    const opened = ref(0);
    const onReady = (widget) => widget.on("open", () => { opened.value += 1; });
    return () => h("main", [
      h("button", { onClick: () => { shown.value = !shown.value; } }, "Chat on or off"),
      h("output", opened.value),
      shown.value && h(ParlanceChat, SETTINGS),
    ]);
  },
}).mount("#shop");
"""
ANGULAR = """
import "@angular/compiler";
import { Component, provideZonelessChangeDetection, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { ParlanceChatComponent } from COMPONENT;

@Component({
  selector: "#shop",
  imports: [ParlanceChatComponent],
  template: `
    <button (click)="shown.set(!shown())">Chat on or off</button>
    <output>{{ opened() }}</output>
    @if (shown()) { <app-parlance-chat ATTRIBUTES /> }`,
})
class Shop {
  settings = SETTINGS;
  shown = signal(true);
  opened = signal(0);
  note(widget: HTMLElement) {
    widget.addEventListener("parlance:open", () => this.opened.update((count) => count + 1));
  }
}

bootstrapApplication(Shop, { providers: [provideZonelessChangeDetection()] });
"""


@dataclass(frozen=True)
class Framework:
    """How a shop made with it shows the component."""

    kind: str
    example: str
    pasted: str
    shop: str
    application: str

    def shop_with(self, component: Path, settings: dict[str, str] | None) -> str:
        """The shop's source; without settings the component needs none."""
        given = json.dumps(settings or {})
        if self.kind == "VUE" and settings:
            given = f"{{ settings: {given}, onReady }}"
        attributes = '[settings]="settings" (ready)="note($event)"' if settings else ""
        named = self.application.replace("COMPONENT", json.dumps(str(component)))
        return named.replace("SETTINGS", given).replace("ATTRIBUTES", attributes)


FRAMEWORKS = [
    Framework("VUE", "vue/ParlanceChat.vue", "ParlanceChat.vue", "shop.js", VUE),
    Framework(
        "ANGULAR",
        "angular/parlance-chat.component.ts",
        "parlance-chat.component.ts",
        "shop.ts",
        ANGULAR,
    ),
]


@pytest_asyncio.fixture(loop_scope="module")
async def admin(server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield caller
    await caller.close()


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda one: one.kind)
async def test_the_example_shows_the_widget_while_it_is_there_and_gives_it(
    page: Page,
    complaints: Complaints,
    server: ServerProcess,
    site: ClientSite,
    tmp_path: Path,
    framework: Framework,
) -> None:
    settings = {"apiUrl": server.url, "chatbot": "demo"}
    application = framework.shop_with(ROOT / "examples" / framework.example, settings)

    await page.goto(show(site, built(tmp_path, framework.shop, application)))

    await expect_comes_and_goes(page)
    await expect_opening_is_told(page)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda one: one.kind)
async def test_the_pasted_component_shows_the_widget_while_it_is_there(
    page: Page,
    complaints: Complaints,
    admin: GraphQLClient,
    site: ClientSite,
    tmp_path: Path,
    framework: Framework,
) -> None:
    demo = (await chatbot_of_demo(admin))["id"]
    snippet = await admin.execute(SNIPPET, {"id": demo, "kind": framework.kind})
    pasted = tmp_path / framework.pasted
    pasted.write_text(snippet["embedSnippet"]["html"])

    application = framework.shop_with(pasted, None)
    await page.goto(show(site, built(tmp_path, framework.shop, application)))

    await expect_comes_and_goes(page)
