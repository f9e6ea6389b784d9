"""What the whole platform's operators are told, and that they alone say who hears of it."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from time import monotonic

import httpx
import pytest
import pytest_asyncio

from tests.answers import asked
from tests.api.operations import (
    OPEN,
    Json,
    PersonOf,
    VisitorOf,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.api.test_integrations import INTEGRATION, made
from tests.api.test_usage import Shop, shop
from tests.conftest import CREATE_CLIENT, START_VISIT, signed_in
from tests.graphql_clients import REQUEST_SECONDS, GraphQLClient
from tests.receivers import Receiver, receiver
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until
from tests.watching import cursor_now, watching

__all__ = ["shop"]

VISIT_EVENTS = """
subscription ($after: String) { visitEvents(after: $after) { chatbot { maintenanceText } } }
"""
OPERATORS = ("AUTH_SUSPICIOUS", "SERVER_ERRORS", "SERVICE_RECOVERED")
OFFLINE_AFTER_S = 2.0
PATIENCE_S = 60.0
SIGN_IN = {"email": "nobody@example.com", "password": "not the right one"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess, None, None]:
    """A server that is alarmed by little, and has no widget."""
    folder = tmp_path_factory.mktemp("server")
    process = ServerProcess(
        folder,
        PARLANCE_ALLOWED_ADDRESSES='["127.0.0.1"]',
        PARLANCE_ALERT_FAILED_SIGN_INS="3",
        PARLANCE_ALERT_THROTTLED="2",
        PARLANCE_ALERT_SERVER_ERRORS="3",
        PARLANCE_OFFLINE_AFTER_SECONDS=str(OFFLINE_AFTER_S),
        PARLANCE_WIDGET_DIR=str(folder),
    )
    process.start()
    yield process
    process.stop()


@pytest_asyncio.fixture
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as running:
        yield running


async def told(outside: Receiver, kind: str, **facts: str) -> Json:
    """The facts of an event of this kind, once it was told."""
    found: list[Json] = []

    async def was_told() -> bool:
        events = [one.json for one in outside.received if one.json["type"] == kind]
        given = [one["data"]["facts"] for one in events]
        found[:] = [one for one in given if facts.items() <= one.items()]
        return bool(found)

    await until(was_told, PATIENCE_S)
    return found[0]


async def refused(caller: GraphQLClient, name: str, given: Json) -> bool:
    return await codes(caller, mutation(name), {"input": given}) == ["FORBIDDEN"]


async def test_only_admins_say_who_hears_of_the_whole_platform(
    shop: Shop, admin: GraphQLClient, person_of: PersonOf, outside: Receiver
) -> None:
    owner = await person_of(shop.slug, "owner")
    target = {"webhookUrl": outside.url}
    wish = {"clientId": shop.id, "name": "Ops", "target": target}
    for event in OPERATORS:
        given = {**wish, "events": ["MESSAGE_CREATED", event]}
        assert await refused(owner, "createIntegration", given)
    events = ["MESSAGE_CREATED", *OPERATORS]
    own = (await made(owner, shop, target))["integration"]
    assert await refused(owner, "updateIntegration", {"id": own["id"], "events": events})

    operators = (await made(admin, shop, target, *events))["integration"]
    given = {"id": operators["id"]}
    assert await refused(owner, "updateIntegration", {**given, "target": target})
    assert await refused(owner, "updateIntegration", {**given, "events": ["MESSAGE_CREATED"]})
    assert await refused(owner, "rotateIntegrationSecret", given)
    assert await refused(owner, "deleteIntegration", given)
    after = await done(admin, "updateIntegration", {**given, "name": "Night"}, INTEGRATION)
    assert after["integration"]["events"] == events
    await done(admin, "rotateIntegrationSecret", given, "signingSecret")
    await done(admin, "deleteIntegration", given, "deletedId")
    await done(owner, "deleteIntegration", {"id": own["id"]}, "deletedId")


async def test_suspicious_sign_ins_are_told(
    server: ServerProcess, shop: Shop, admin: GraphQLClient, outside: Receiver
) -> None:
    await made(admin, shop, {"webhookUrl": outside.url}, "AUTH_SUSPICIOUS")
    stranger = GraphQLClient(server.url)
    for _ in range(8):
        await mutate(stranger, "signIn", SIGN_IN, "expiresAt")
    failed = await told(outside, "auth.suspicious", reason="failed_sign_in")
    assert failed["count"] >= 3
    throttled = await told(outside, "auth.suspicious", reason="throttled")
    assert throttled["count"] >= 2

    given = {"email": server.admin_email, "password": server.admin_password}
    first = await done(stranger, "signIn", given, "refreshToken")
    token = {"refreshToken": first["refreshToken"]}
    await done(stranger, "refreshSession", token, "expiresAt")
    spent = await mutate(stranger, "refreshSession", token, "expiresAt")
    assert spent["code"] == "INVALID_TOKEN"
    assert (await told(outside, "auth.suspicious", reason="reused_token"))["count"] == 1
    await stranger.close()


async def test_widgets_that_are_open_show_a_pause_and_its_end(
    shop: Shop, admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(shop.embed_key)
    after = await cursor_now(visitor)
    async with watching(visitor, "visitEvents", VISIT_EVENTS, after=after) as stream:
        for given in ({"clientId": shop.id, "text": "Back at nine."}, {"text": "We move."}):
            await done(admin, "setMaintenance", given, "active")
        # The client's own text stands before the platform's.
        for _ in range(2):
            assert (await stream.next())["chatbot"] == {"maintenanceText": "Back at nine."}
        (refused,) = await asked(visitor, "When do you open?")
        assert (refused["code"], refused["text"]) == ("MAINTENANCE", "Back at nine.")
        await done(admin, "setMaintenance", {"clientId": shop.id}, "active")
        assert (await stream.next())["chatbot"] == {"maintenanceText": "We move."}
        await done(admin, "setMaintenance", {}, "active")
        assert (await stream.next())["chatbot"] == {"maintenanceText": None}
    assert (await asked(visitor, "When do you open?"))[-1]["__typename"] == "AnswerCompleted"


async def test_a_client_that_is_made_during_maintenance_of_the_platform_rests_too(
    server: ServerProcess, admin: GraphQLClient
) -> None:
    _, *made_meanwhile = await asyncio.gather(
        done(admin, "setMaintenance", {"text": "We move."}, "active"),
        *(admin.execute(CREATE_CLIENT, {"slug": new_slug()}) for _ in range(6)),
    )
    try:
        async with database_of(server) as database:
            answering = {"platform_maintenance_text": None}
            assert await database.database["clients"].count_documents(answering) == 0
        client = made_meanwhile[0]["createClient"]
        chatbot = await new_chatbot(admin, client["client"]["id"], settings=OPEN)
        query = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
        key = (await admin.execute(query, {"id": chatbot}))["chatbot"]["embedKey"]
        visitor = GraphQLClient(server.url, origin=server.url)
        visitor.token = (await visitor.execute(START_VISIT, {"key": key}))["startVisit"][
            "widgetToken"
        ]
        (refused,) = await asked(visitor, "When do you open?")
        assert (refused["code"], refused["text"]) == ("MAINTENANCE", "We move.")
    finally:
        await done(admin, "setMaintenance", {}, "active")
    assert (await asked(visitor, "When do you open?"))[-1]["__typename"] == "AnswerCompleted"
    await visitor.close()


async def test_errors_that_pile_up_are_told_with_what_to_look_for_in_the_log(
    server: ServerProcess, shop: Shop, admin: GraphQLClient, outside: Receiver
) -> None:
    await made(admin, shop, {"webhookUrl": outside.url}, "SERVER_ERRORS")
    async with httpx.AsyncClient(trust_env=False, timeout=REQUEST_SECONDS) as browser:
        for _ in range(3):
            assert (await browser.get(f"{server.url}/widget.js")).status_code == 503
    facts = await told(outside, "server.errors")
    assert facts["count"] >= 3
    assert facts["minutes"] == 5
    assert facts["event"] in server.log


async def test_an_outage_is_told_with_its_length_when_it_is_over(
    server: ServerProcess, shop: Shop, admin: GraphQLClient, outside: Receiver
) -> None:
    kinds = ("SERVICE_RECOVERED", "SYSTEM_STATUS")
    await made(admin, shop, {"webhookUrl": outside.url}, *kinds)
    server.kill()
    killed_at = monotonic()

    async def away_for_long() -> bool:
        return monotonic() > killed_at + 2 * OFFLINE_AFTER_S

    await until(away_for_long, PATIENCE_S)
    server.start()
    recovered = await told(outside, "service.recovered")
    assert recovered["seconds"] >= OFFLINE_AFTER_S
    assert recovered["since"] < recovered["until"]
    offline = await told(outside, "system.status", status="offline")
    assert offline["since"] < offline["until"]
    await told(outside, "system.status", status="online")
    again = await signed_in(server.url, server.admin_email, server.admin_password)
    await again.close()
