"""The page behind the links in mails: a password is chosen, and the code is seen nowhere."""

import pytest
from playwright.async_api import Page, Request, expect

from tests.api.operations import done
from tests.api.test_invitations import new_address
from tests.browser.conftest import Complaints
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.mailbox import next_mail, text_of
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEMO = '{ client(slug: "demo") { id } }'
PASSWORD = "chestnut umbrella 42"


async def link_to(server: ServerProcess, address: str) -> str:
    """The link that an invited person gets."""
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    client = (await admin.execute(DEMO))["client"]
    given = {"clientId": client["id"], "email": address, "role": "VIEWER"}
    await done(admin, "inviteUser", given, "user { id }")
    await admin.close()
    lines = text_of(await next_mail(server, address)).splitlines()
    return next(line for line in lines if line.startswith("http"))


async def test_an_invited_person_chooses_a_name_and_a_password(
    page: Page, complaints: Complaints, server: ServerProcess
) -> None:
    address = new_address()
    link = await link_to(server, address)
    seen: list[str] = []

    def note(request: Request) -> None:
        seen.append(request.url)

    page.on("request", note)
    await page.goto(link)
    await page.get_by_label("Your name").fill("Bea")
    assert page.url == f"{server.url}/account", "the code has left the address bar"
    password, choose = page.get_by_label("New password"), page.get_by_role("button", name="Choose")
    await password.fill("password1234")
    await choose.click()
    await expect(page.get_by_role("alert")).to_contain_text("easy to guess")
    await password.fill(PASSWORD)
    await choose.click()
    await expect(page.get_by_role("status")).to_contain_text(address)
    await expect(choose).to_be_hidden()

    code = link.partition("Code=")[2]
    assert seen
    assert not [url for url in seen if code in url]
    assert await page.evaluate("sessionStorage.length + localStorage.length") == 0
    person: GraphQLClient = await signed_in(server.url, address, PASSWORD)
    assert (await person.execute("{ viewer { user { fullName } } }"))["viewer"]["user"] == {
        "fullName": "Bea"
    }
    await person.close()

    await page.goto("about:blank")
    await page.goto(link)
    await page.get_by_label("Your name").fill("Eve")
    await password.fill(PASSWORD)
    await choose.click()
    await expect(page.get_by_role("alert")).to_contain_text("was used or has expired")


async def test_without_a_code_the_page_says_where_to_get_one(
    page: Page, complaints: Complaints, server: ServerProcess
) -> None:
    await page.goto(f"{server.url}/account")
    await expect(page.get_by_text("with the link in your mail")).to_be_visible()
    await expect(page.get_by_role("button", name="Choose")).to_be_hidden()
