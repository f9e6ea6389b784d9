"""What a page chooses for its widget, and what a visitor's eyes and browser ask of it."""

import pytest
from playwright.async_api import Page, expect

from tests.administration import Administrator
from tests.api.operations import done, new_chatbot, new_slug, new_source
from tests.api.uploading import picture, upload
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.widget import Widget
from tests.conftest import signed_in
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


async def test_a_page_chooses_the_greeting_the_picture_and_when_it_opens(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    chosen = {"greeting": "Ahoy!", "bubble_icon": DOT, "auto_open_delay": "60000"}
    await widget.page.clock.install()
    await widget.page.goto(site.show(script_of(server.url, **chosen, auto_open="true")))
    await expect(widget.launcher.locator("img")).to_have_attribute("src", DOT)
    await expect(widget.panel).to_have_count(0)

    await widget.page.clock.run_for(60_000)
    await expect(widget.panel).to_be_visible()
    await expect(widget.log.locator(".bubble")).to_have_text("Ahoy!")
    await expect(widget.question).not_to_be_focused()


async def test_the_logo_is_uploaded_and_comes_from_our_server(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    demo = (await caller.execute('{ client(slug: "demo") { id } }'))["client"]["id"]
    told = (await upload(caller, picture("PNG", (700, 300)), demo)).json()
    await caller.close()
    chatbot = await administrator.chatbot("Shop", logoUploadId=told["uploadId"])
    await widget.visit(site.show(script_of(server.url, chatbot)))

    logo = widget.panel.locator(".avatar img")
    await expect(logo).to_have_js_property("complete", True)
    assert await logo.evaluate("(logo) => logo.naturalWidth") > 0
    assert str(await logo.evaluate("(logo) => logo.src")).startswith(f"{server.url}/")


async def test_a_citation_opens_the_source_at_the_words(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    """Far down a long page, to which the browser scrolls by the text fragment alone."""
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    client = {"slug": new_slug(), "name": "Tea house"}
    client_id = (await done(caller, "createClient", client, "client { id }"))["client"]["id"]
    chatbot_id = await new_chatbot(caller, client_id)
    asked = f'{{ chatbot(id: "{chatbot_id}") {{ embedKey }} }}'
    chatbot = (await caller.execute(asked))["chatbot"]["embedKey"]
    price = "<p>A pot of Darjeeling costs five euros and is served with warm milk.</p>"
    page = {
        "externalId": "prices",
        "url": site.show("", path="/prices", body=f"<div style='height:4000px'></div>{price}"),
        "title": "Prices",
        "html": f"<h1>Prices</h1>{price}",
        "modifiedAt": "2026-01-02T00:00:00Z",
    }
    source = await new_source(caller, [chatbot_id], kind="PUSH", text=None, title="Shop")
    pushed = {"sourceId": source, "documents": [page]}
    await done(caller, "pushKnowledge", pushed, "accepted source { status }")
    await caller.close()
    await widget.visit(site.show(script_of(server.url, chatbot), path="/chat"))
    await widget.ask("How much does a pot of Darjeeling cost?")
    await expect(widget.answer_text).to_contain_text("five euros")

    async with widget.page.context.expect_page() as coming:
        await widget.answer_text.locator("a.cite").first.click()

    opened = await coming.value
    await opened.wait_for_function("scrollY > 2000")
    await expect(opened.get_by_text("five euros")).to_be_in_viewport()


async def test_at_twice_the_size_with_forced_colours_all_is_in_reach(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
) -> None:
    dictation = Dictation(["See [the plan](https://shop.example/plan)."])
    dictation.say_the_rest()
    await widget.page.set_viewport_size({"width": 640, "height": 400})
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_like(model.url, contactUrl="https://shop.example")
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        await widget.expect_finished("See the plan (shop.example).")

    link = widget.answer_text.get_by_role("link")
    colours = "(link) => [link, link.parentElement].map((one) => getComputedStyle(one).color)"
    of_link, of_text = await link.evaluate(colours)
    assert of_link != of_text, "colour tells a link from the words around it"
    for part in (widget.send, widget.button("Close chat"), widget.tool("Copy")):
        await expect(part).to_be_in_viewport(ratio=1)
    await widget.page.emulate_media(forced_colors="active")
    await expect(widget.answer_text).to_have_css("border-top-style", "solid")
    await expect(widget.panel).to_have_css("border-top-style", "solid")
    await expect(widget.launcher).to_have_css("border-top-style", "solid")
    wide = await widget.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 640
