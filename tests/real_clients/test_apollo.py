"""A dashboard on Apollo Client 4, as the guide builds it."""

from datetime import timedelta
from pathlib import Path

from documents.base import utc_now
from tests.api.operations import done, new_slug
from tests.browser.relay import Relay
from tests.graphql_clients import GraphQLClient
from tests.real_clients.conftest import Spoken, session_of
from tests.real_clients.node_program import node_program
from tests.server_process import ServerProcess

PAGE = 20


async def test_a_dashboard_lists_changes_and_is_told_refusals(
    project: Path, server: ServerProcess, admin: GraphQLClient
) -> None:
    slug = new_slug()
    names = [f"Bakery {number:02} {slug}" for number in range(PAGE + 5)]
    for number, name in enumerate(names):
        given = {"slug": f"{slug}-{number}", "name": name}
        await done(admin, "createClient", given, "client { id }")
    async with node_program(
        project,
        "dashboard",
        server=server.url,
        origin=server.url,
        email=server.admin_email,
        password=server.admin_password,
        slug=f"{slug}-0",
    ) as dashboard:
        told = await dashboard.everything()

    assert told["refused"] == "The e-mail address or the password is not right."
    assert told["signed in"] is None
    assert told["first page"] == names[: -PAGE - 1 : -1]
    assert [name for name in told["all"] if name in names] == names[::-1], "each once, in order"

    key, before = told["cached"]
    assert key == f"Client:{before['id']}"
    assert told["renamed"] == "Saved."
    assert told["requests for the change"] == 1, "the list changed without being asked for again"
    renamed = {"name": "Bakery & sons", "revision": before["revision"] + 1}
    assert told["cached after"] == [key, before | renamed]
    assert told["too late"] == "It is called Bakery & sons now."
    assert told["invalid"] == "name needs between 1 and 200 characters"
    assert told["unknown"] == "There is nothing with this id."


async def test_without_the_shipped_possible_types_errors_lose_their_data(
    project: Path, server: ServerProcess, admin: GraphQLClient
) -> None:
    async with node_program(
        project, "possible_types", server=server.url, origin=server.url, token=admin.token
    ) as program:
        told = await program.everything()

    assert told["with"]["code"] == "NOT_FOUND"
    assert told["with"]["path"] == ["input", "id"]
    assert told["without"] == {"__typename": "NotFoundError"}


async def test_many_requests_and_tabs_renew_an_ended_token_once(
    project: Path, server: ServerProcess
) -> None:
    session = await session_of(server, seconds=-1)
    async with node_program(
        project, "renewing", server=server.url, origin=server.url, session=session
    ) as tabs:
        told = await tabs.everything()

    assert told["answers"] == [True, True, True]
    assert told["renewals"] == 1
    assert told["same token"] is True
    assert told["renewals before the end"] == 1
    assert told["renewed without a session"] is False
    assert told["token afterwards"] is None


async def test_an_answer_is_followed_through_a_lost_connection(
    project: Path, server: ServerProcess, network: Relay, dictated: Spoken
) -> None:
    said, message_id = dictated
    session = await session_of(server)
    async with node_program(
        project,
        "follow",
        server=network.url,
        origin=server.url,
        session=session,
        messageId=message_id,
    ) as page:
        said.say_next()
        await page.hear("text", lambda text: text == "One, ")
        network.cut()
        said.say_next()
        await network.refused.wait()
        said.say_next()
        network.mend()
        await page.hear("text", lambda text: text == "One, two, three, ")
        said.say_next()
        told = await page.everything()

    assert told["answer"] == "One, two, three, four."
    assert page.first("closed") == 1006, "the network did, not the page at the end"
    assert told["renewals"] == 0


async def test_an_answer_is_followed_beyond_the_end_of_a_token(
    project: Path, server: ServerProcess, dictated: Spoken
) -> None:
    said, message_id = dictated
    session = await session_of(server, seconds=3)
    session["expiresAt"] = (utc_now() + timedelta(hours=1)).isoformat()  # a clock that is wrong
    async with node_program(
        project,
        "follow",
        server=server.url,
        origin=server.url,
        session=session,
        messageId=message_id,
    ) as page:
        said.say_next()
        await page.hear("closed")
        said.say_the_rest()
        told = await page.everything()

    assert told["answer"] == "One, two, three, four."
    assert told["renewals"] == 1
