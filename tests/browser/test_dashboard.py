"""The dashboard of examples/react: built as people build it, served by Parlance, and used."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from set_up import example_dashboard
from set_up.steps import one_at_a_time
from tests.administration import Administrator
from tests.answers import asking
from tests.browser.conftest import Complaints
from tests.conftest import START_VISIT
from tests.graphql_clients import GraphQLClient
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """What `make example` does."""
    with one_at_a_time():
        example_dashboard.build()


@pytest_asyncio.fixture(loop_scope="module")
async def signed_in(
    page: Page, complaints: Complaints, server: ServerProcess
) -> AsyncIterator[Page]:
    """The dashboard, with the admin signed in."""
    await page.goto(f"{server.url}/dashboard/")
    await sign_in(page, server)
    await expect(page.get_by_role("heading", name="Clients")).to_be_visible()
    yield page


async def sign_in(page: Page, server: ServerProcess, password: str | None = None) -> None:
    await page.get_by_label("E-mail").fill(server.admin_email)
    await page.get_by_label("Password").fill(password or server.admin_password)
    await page.get_by_role("button", name="Sign in").click()


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    caller = GraphQLClient(server.url, origin=server.url)
    yield caller
    await caller.close()


async def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_clients(
    page: Page, complaints: Complaints, server: ServerProcess
) -> None:
    await page.goto(f"{server.url}/dashboard/clients/demo")
    await sign_in(page, server, "a wrong password")
    await expect(page.get_by_role("alert")).to_be_visible()

    await sign_in(page, server)
    await expect(page.get_by_role("heading", name="Demo", exact=True)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Demo", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert await page.evaluate("localStorage.getItem('parlance.dashboard.session')") is None


async def test_a_conversation_is_watched_word_by_word(
    signed_in: Page,
    server: ServerProcess,
    administrator: Administrator,
    visitor: GraphQLClient,
) -> None:
    page = signed_in
    said = Dictation(["One, ", "two, ", "three."])
    await page.goto(f"{server.url}/dashboard/clients/demo/conversations")
    lines = page.get_by_role("navigation", name="Conversations")
    await expect(lines).to_be_visible()
    async with model_that_says(said) as model:
        key = await administrator.chatbot_with_model(model.url)
        visit = await visitor.execute(START_VISIT, {"key": key})
        visitor.token = visit["startVisit"]["widgetToken"]
        async with aclosing(asking(visitor, "Can you count for the dashboard?")) as stream:
            await anext(stream)
            await lines.get_by_role("link", name="Can you count for the dashboard?").first.click()
            log = page.get_by_role("log")
            said.say_next()
            await expect(log.get_by_label("Chatbot")).to_contain_text("One,")
            await expect(log.get_by_label("Chatbot")).not_to_contain_text("two")
            said.say_the_rest()
            await expect(log.get_by_label("Chatbot")).to_contain_text("One, two, three.")
            _ = [event async for event in stream]
    await expect(log.locator("[aria-busy=true]")).to_have_count(0)
    await expect(log.get_by_label("Chatbot")).to_contain_text("One, two, three.")
