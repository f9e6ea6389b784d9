"""Integrations: what happens reaches receivers outside, signed, once, and as they were told to."""

import json
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks import Webhook, WebhookVerificationError

from tests.answers import asked
from tests.api.operations import Json, PersonOf, VisitorOf, done, mutate
from tests.api.test_usage import Shop, shop
from tests.graphql_clients import GraphQLClient
from tests.receivers import Receiver, Reply, receiver
from tests.server_process import ServerProcess, free_port
from tests.unit.answering.processes import until
from tests.watching import cursor_now, watching

__all__ = ["shop"]

TELEGRAM_PORT = free_port()
TOKEN = "123456:AAH-a-token-of-a-bot-that-is-none"
ATTEMPT = "number tookMs httpStatus requestExcerpt responseExcerpt problem"
INTEGRATION = """
integration {
  id kind name targetLabel events chatbotIds quietHours { from until } digestMinutes active
  pausedReason revision client { slug }
}
"""
DELIVERIES = f"""
query ($id: ID!, $integration: ID, $status: DeliveryStatus) {{
  deliveries(clientId: $id, integrationId: $integration, status: $status) {{
    edges {{ node {{
      id event eventId status nextAttemptAt integration {{ id }} attempts {{ {ATTEMPT} }}
    }} }}
  }}
}}
"""
DELIVERY_EVENTS = """
subscription ($client: ID!, $integration: ID, $after: String) {
  deliveryEvents(clientId: $client, integrationId: $integration, after: $after) {
    cursor delivery { id status attempts { problem } }
  }
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess, None, None]:
    """A server that may reach this machine."""
    process = ServerProcess(
        tmp_path_factory.mktemp("server"),
        PARLANCE_ALLOWED_ADDRESSES='["127.0.0.1"]',
        PARLANCE_TELEGRAM_URL=f"http://127.0.0.1:{TELEGRAM_PORT}",
    )
    process.start()
    yield process
    process.stop()


@pytest_asyncio.fixture
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as running:
        yield running


@pytest_asyncio.fixture
async def editor(shop: Shop, person_of: PersonOf) -> GraphQLClient:
    return await person_of(shop.slug, "editor")


async def made(caller: GraphQLClient, shop: Shop, target: Json, *events: str, **more: Any) -> Json:
    """A new integration with its signing secret."""
    given = {
        "clientId": shop.id,
        "name": "Our office",
        "target": target,
        "events": list(events) or ["MESSAGE_CREATED"],
        **more,
    }
    return await done(caller, "createIntegration", given, f"{INTEGRATION} signingSecret")


async def deliveries(caller: GraphQLClient, shop: Shop, **more: Any) -> list[Json]:
    found = await caller.execute(DELIVERIES, {"id": shop.id, **more})
    return [one["node"] for one in found["deliveries"]["edges"]]


async def there_are(caller: GraphQLClient, shop: Shop, count: int, status: str) -> list[Json]:
    """The deliveries once so many are so far."""
    found: list[Json] = []

    async def so_many() -> bool:
        found[:] = await deliveries(caller, shop, status=status)
        return len(found) >= count

    await until(so_many)
    return found


async def test_an_answer_reaches_a_webhook_signed_and_with_all_that_was_said(
    shop: Shop, editor: GraphQLClient, visitor_of: VisitorOf, outside: Receiver
) -> None:
    kinds = ("CONVERSATION_STARTED", "MESSAGE_CREATED")
    integration = await made(editor, shop, {"webhookUrl": f"{outside.url}/hook?key=abc"}, *kinds)
    assert integration["integration"]["targetLabel"] == f"{outside.url}/…"
    assert "abc" not in json.dumps(integration["integration"])
    events = await asked(await visitor_of(shop.embed_key), "When do you open?")
    delivered = await there_are(editor, shop, 2, "DELIVERED")

    first, second = sorted(outside.received, key=lambda one: one.json["sequence"])
    assert [first.json["type"], second.json["type"]] == ["conversation.started", "message.created"]
    assert [first.json["sequence"], second.json["sequence"]] == [1, 2]
    for one in (first, second):
        verified = Webhook(integration["signingSecret"]).verify(one.body, dict(one.headers))
        assert verified["id"] == one.headers["webhook-id"]
        with pytest.raises(WebhookVerificationError):
            Webhook(integration["signingSecret"]).verify(one.body + b" ", dict(one.headers))
    assert {one["eventId"] for one in delivered} == {
        one.headers["webhook-id"] for one in outside.received
    }
    data = second.json["data"]
    assert data["question"]["text"] == "When do you open?"
    assert data["answer"]["id"] == events[0]["messageId"]
    assert data["answer"]["text"]
    assert data["chatbot"]["id"] == shop.chatbot_id
    (attempt,) = delivered[0]["attempts"]
    assert (attempt["httpStatus"], attempt["problem"]) == (200, None)
    assert integration["signingSecret"] not in json.dumps(delivered)
    assert delivered[0]["nextAttemptAt"] is None


async def test_two_keys_sign_while_one_is_changed_for_another(
    shop: Shop, editor: GraphQLClient, outside: Receiver
) -> None:
    first = await made(editor, shop, {"webhookUrl": outside.url})
    given = {"id": first["integration"]["id"]}
    second = await done(editor, "rotateIntegrationSecret", given, "signingSecret")
    await done(editor, "testIntegration", given, f"attempt {{ {ATTEMPT} }}")
    (got,) = outside.received
    for secret in (first["signingSecret"], second["signingSecret"]):
        Webhook(secret).verify(got.body, dict(got.headers))
    third = await done(editor, "rotateIntegrationSecret", given, "signingSecret")
    await done(editor, "testIntegration", given, f"attempt {{ {ATTEMPT} }}")
    got = outside.received[-1]
    Webhook(second["signingSecret"]).verify(got.body, dict(got.headers))
    Webhook(third["signingSecret"]).verify(got.body, dict(got.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(first["signingSecret"]).verify(got.body, dict(got.headers))


async def test_a_trial_simulates_each_event_and_says_what_came_of_it(
    shop: Shop, editor: GraphQLClient, outside: Receiver
) -> None:
    integration = (await made(editor, shop, {"webhookUrl": outside.url}))["integration"]
    kinds = [
        one["name"]
        for one in (await editor.execute('{ __type(name: "EventKind") { enumValues { name } } }'))[
            "__type"
        ]["enumValues"]
    ]
    for kind in kinds:
        given = {"id": integration["id"], "event": kind}
        tried = await done(editor, "testIntegration", given, f"attempt {{ {ATTEMPT} }}")
        assert tried["attempt"]["problem"] is None
        got = outside.received[-1].json
        assert got["type"].replace(".", "_").upper() == kind
        assert got["test"] is True
    outside.replies.append(Reply(500, b"oh no"))
    tried = await done(
        editor, "testIntegration", {"id": integration["id"]}, f"attempt {{ {ATTEMPT} }}"
    )
    assert tried["attempt"]["problem"] == "It answered 500."
    assert tried["attempt"]["responseExcerpt"] == "oh no"
    assert await deliveries(editor, shop) == []


async def test_what_failed_is_told_live_and_delivered_again_on_request(
    shop: Shop, editor: GraphQLClient, visitor_of: VisitorOf, outside: Receiver
) -> None:
    integration = (await made(editor, shop, {"webhookUrl": outside.url}))["integration"]
    outside.replies.append(Reply(503, b"later", {"retry-after": "3600"}))
    cursor = await cursor_now(editor, shop.id)
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    async with watching(
        editor,
        "deliveryEvents",
        DELIVERY_EVENTS,
        client=shop.id,
        integration=integration["id"],
        after=cursor,
    ) as stream:
        told = (await stream.next())["delivery"]
        assert told["status"] == "RETRYING"
        assert told["attempts"] == [{"problem": "It answered 503."}]
        (waiting,) = await deliveries(editor, shop, status="RETRYING")
        assert waiting["nextAttemptAt"] is not None
        await done(editor, "redeliver", {"deliveryId": told["id"]}, "delivery { id status }")
        events = await stream.many(2)
    assert [one["delivery"]["status"] for one in events] == ["PENDING", "DELIVERED"]
    first, second = outside.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    (delivered,) = await deliveries(editor, shop, integration=integration["id"])
    assert [one["number"] for one in delivered["attempts"]] == [1, 2]


async def test_only_wanted_events_of_wanted_chatbots_are_told(
    shop: Shop,
    editor: GraphQLClient,
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    outside: Receiver,
) -> None:
    other = await done(
        admin, "createChatbot", {"clientId": shop.id, "name": "Other"}, "chatbot { id }"
    )
    target = {"webhookUrl": outside.url}
    await made(editor, shop, target, chatbotIds=[other["chatbot"]["id"]])
    await made(editor, shop, target, "QUOTA_THRESHOLD")
    wanted = await made(editor, shop, target, chatbotIds=[shop.chatbot_id])
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    (delivered,) = await there_are(editor, shop, 1, "DELIVERED")
    assert delivered["integration"]["id"] == wanted["integration"]["id"]
    assert len(outside.received) == 1


async def test_an_integration_that_is_switched_off_is_told_nothing(
    shop: Shop, editor: GraphQLClient, visitor_of: VisitorOf, outside: Receiver
) -> None:
    off = (await made(editor, shop, {"webhookUrl": f"{outside.url}/off"}))["integration"]
    await done(editor, "updateIntegration", {"id": off["id"], "active": False}, INTEGRATION)
    await made(editor, shop, {"webhookUrl": f"{outside.url}/on"})
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    await there_are(editor, shop, 1, "DELIVERED")
    assert [one.path for one in outside.received] == ["/on"]


async def test_a_change_keeps_what_is_left_out_and_null_clears(
    shop: Shop, editor: GraphQLClient, outside: Receiver
) -> None:
    quiet = {"from": "22:00", "until": "07:30"}
    first = (
        await made(editor, shop, {"webhookUrl": outside.url}, quietHours=quiet, digestMinutes=60)
    )["integration"]
    assert (first["quietHours"], first["digestMinutes"]) == (quiet, 60)
    changed = await done(
        editor,
        "updateIntegration",
        {"id": first["id"], "name": "Another", "digestMinutes": None, "revision": 1},
        INTEGRATION,
    )
    assert changed["integration"] == {
        **first,
        "name": "Another",
        "digestMinutes": None,
        "revision": 2,
    }
    late = await mutate(
        editor, "updateIntegration", {"id": first["id"], "name": "X", "revision": 1}, INTEGRATION
    )
    assert late["__typename"] == "ConflictError"
    kind = await mutate(
        editor,
        "updateIntegration",
        {"id": first["id"], "target": {"emails": ["a@example.com"]}},
        INTEGRATION,
    )
    assert (kind["__typename"], kind["code"]) == ("RefusedError", "CONFLICT")


WRONG: dict[str, tuple[Json, str, list[str]]] = {
    "no event": ({"events": []}, "InvalidInputError", ["input", "events"]),
    "no name": ({"name": " "}, "InvalidInputError", ["input", "name"]),
    "no address": (
        {"target": {"webhookUrl": "nonsense"}},
        "InvalidInputError",
        ["input", "target", "webhookUrl"],
    ),
    "an address with a password": (
        {"target": {"webhookUrl": "https://me:secret@example.com/"}},
        "InvalidInputError",
        ["input", "target", "webhookUrl"],
    ),
    "no mailbox": (
        {"target": {"emails": ["nobody"]}},
        "InvalidInputError",
        ["input", "target", "emails"],
    ),
    "no mailboxes": (
        {"target": {"emails": []}},
        "InvalidInputError",
        ["input", "target", "emails"],
    ),
    "a name that is too long": (
        {"target": {"webhookUrl": f"https://{'a' * 64}.example.com/"}},
        "InvalidInputError",
        ["input", "target", "webhookUrl"],
    ),
    "a private address": (
        {"target": {"webhookUrl": "https://10.1.2.3/"}},
        "RefusedError",
        ["input", "target", "webhookUrl"],
    ),
    "the cloud's metadata": (
        {"target": {"slackWebhookUrl": "http://169.254.169.254/latest"}},
        "RefusedError",
        ["input", "target", "slackWebhookUrl"],
    ),
    "a service in a private network": (
        {"target": {"appriseUrl": "jsons://10.1.2.3/"}},
        "RefusedError",
        ["input", "target", "appriseUrl"],
    ),
    "a service that there is not": (
        {"target": {"appriseUrl": "nonsense://example.com"}},
        "InvalidInputError",
        ["input", "target", "appriseUrl"],
    ),
    "a service of this machine": (
        {"target": {"appriseUrl": "syslog://"}},
        "InvalidInputError",
        ["input", "target", "appriseUrl"],
    ),
    "no address of Apprise's": (
        {"target": {"appriseUrl": "ntfy"}},
        "InvalidInputError",
        ["input", "target", "appriseUrl"],
    ),
    "no time": (
        {"quietHours": {"from": "25:00", "until": "07:00"}},
        "InvalidInputError",
        ["input", "quietHours", "from"],
    ),
    "too long a digest": ({"digestMinutes": 1441}, "InvalidInputError", ["input", "digestMinutes"]),
    "no chatbot": ({"chatbotIds": ["nonsense"]}, "NotFoundError", ["input", "chatbotIds"]),
    "no token": (
        {"target": {"telegram": {"botToken": "a/b", "chatId": "1"}}},
        "InvalidInputError",
        ["input", "target", "telegram", "botToken"],
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_is_said_where_it_stands(
    wrong: str, shop: Shop, editor: GraphQLClient
) -> None:
    change, kind, path = WRONG[wrong]
    given = {
        "clientId": shop.id,
        "name": "Our office",
        "target": {"emails": ["office@example.com"]},
        "events": ["MESSAGE_CREATED"],
        **change,
    }
    refused = await mutate(editor, "createIntegration", given, INTEGRATION)
    assert (refused["__typename"], refused["path"]) == (kind, path)
    assert refused["message"]


async def test_a_bot_is_checked_and_writes_escaped_words_into_its_chat(
    shop: Shop, editor: GraphQLClient, visitor_of: VisitorOf
) -> None:
    async with receiver(TELEGRAM_PORT) as telegram:
        telegram.by_path = {
            f"/bot{TOKEN}/getMe": told({"username": "shop_bot"}),
            f"/bot{TOKEN}/getChat": told({"title": "Office", "description": "x" * 5_000}),
            f"/bot{TOKEN}/sendMessage": told({"message_id": 1}),
        }
        telegram.otherwise = Reply(401, b'{"ok":false,"error_code":401}')
        wrong = await mutate(
            editor,
            "createIntegration",
            telegram_wish(shop, "9:wrong-token-of-nobody"),
            INTEGRATION,
        )
        assert wrong["message"] == "Telegram does not know this bot token."
        assert wrong["path"] == ["input", "target", "telegram", "botToken"]
        integration = await done(
            editor, "createIntegration", telegram_wish(shop, TOKEN), INTEGRATION
        )
        assert integration["integration"]["targetLabel"] == "@shop_bot → Office"
        await asked(await visitor_of(shop.embed_key), "Is <b>5 > 3</b> & 2?")
        (delivered,) = await there_are(editor, shop, 1, "DELIVERED")
    sent = telegram.received[-1].json
    assert sent["chat_id"] == "-100123"
    assert "<i>Question:</i> Is &lt;b&gt;5 &gt; 3&lt;/b&gt; &amp; 2?" in sent["text"]
    assert "<i>Answer:</i> " in sent["text"]
    assert TOKEN not in json.dumps(delivered)


async def test_a_service_that_apprise_knows_is_told(
    server: ServerProcess,
    shop: Shop,
    editor: GraphQLClient,
    visitor_of: VisitorOf,
    outside: Receiver,
) -> None:
    outside.otherwise = Reply(200, b'{"by": "key-of-the-service"}')
    target = {"appriseUrl": f"json://anna:key-of-the-service@127.0.0.1:{outside.port}/in"}
    integration = (await made(editor, shop, target))["integration"]
    assert (integration["kind"], integration["targetLabel"]) == ("APPRISE", "JSON (json://…)")
    assert outside.received == []
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    (delivered,) = await there_are(editor, shop, 1, "DELIVERED")
    (sent,) = outside.received
    assert "Question: When do you open?" in sent.json["message"]
    for kept in (json.dumps([integration, delivered]), server.log):
        assert "key-of-the-service" not in kept


def told(result: Json) -> Reply:
    return Reply(200, json.dumps({"ok": True, "result": result}).encode())


def telegram_wish(shop: Shop, token: str) -> Json:
    return {
        "clientId": shop.id,
        "name": "Chat",
        "target": {"telegram": {"botToken": token, "chatId": "-100123"}},
        "events": ["MESSAGE_CREATED"],
    }


async def test_a_deleted_integration_takes_its_deliveries_along(
    shop: Shop, editor: GraphQLClient, visitor_of: VisitorOf, outside: Receiver
) -> None:
    integration = (await made(editor, shop, {"webhookUrl": outside.url}))["integration"]
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    await there_are(editor, shop, 1, "DELIVERED")
    await done(editor, "deleteIntegration", {"id": integration["id"]}, "deletedId")
    assert await deliveries(editor, shop) == []


async def test_no_secret_stands_in_the_log(
    server: ServerProcess,
    shop: Shop,
    editor: GraphQLClient,
    visitor_of: VisitorOf,
    outside: Receiver,
) -> None:
    """Neither when all goes well nor when a receiver is refused and repeats what it was sent."""
    async with receiver(TELEGRAM_PORT) as telegram:
        telegram.by_path = {
            f"/bot{TOKEN}/getMe": told({"username": "shop_bot"}),
            f"/bot{TOKEN}/getChat": told({"title": "Office"}),
        }
        telegram.otherwise = Reply(403, json.dumps({"ok": False, "description": TOKEN}).encode())
        await done(editor, "createIntegration", telegram_wish(shop, TOKEN), INTEGRATION)
        outside.otherwise = Reply(410, b"/inside-of-the-address")
        target = {"webhookUrl": f"{outside.url}/inside-of-the-address"}
        signing = (await made(editor, shop, target))["signingSecret"]
        await asked(await visitor_of(shop.embed_key), "When do you open?")
        failed = [
            *await there_are(editor, shop, 1, "DEAD"),
            *await there_are(editor, shop, 1, "RETRYING"),
        ]
        assert len(outside.received) == 1
    log = server.log
    assert log
    for secret in (TOKEN, signing, signing.removeprefix("whsec_"), "inside-of-the-address"):
        assert secret not in log
        assert secret not in json.dumps(failed)


async def test_maintenance_pauses_answers_with_a_text_and_is_told(
    shop: Shop,
    editor: GraphQLClient,
    admin: GraphQLClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
    outside: Receiver,
) -> None:
    await made(editor, shop, {"webhookUrl": outside.url}, "SYSTEM_STATUS")
    owner, visitor = await person_of(shop.slug, "owner"), await visitor_of(shop.embed_key)
    given = {"clientId": shop.id, "text": "Back at nine."}
    assert (await done(owner, "setMaintenance", given, "active"))["active"] is True
    (refused,) = await asked(visitor, "When do you open?")
    assert refused["code"] == "MAINTENANCE"
    await done(admin, "setMaintenance", {"text": "We move."}, "active")
    still = await done(owner, "setMaintenance", {"clientId": shop.id}, "active")
    assert still["active"] is True
    await done(admin, "setMaintenance", {}, "active")
    events = await asked(visitor, "When do you open?")
    assert events[-1]["__typename"] == "AnswerCompleted"
    told_of = await there_are(editor, shop, 3, "DELIVERED")
    assert {one["event"] for one in told_of} == {"SYSTEM_STATUS"}
    assert outside.received[0].json["data"]["facts"] == {
        "status": "maintenance",
        "text": "Back at nine.",
    }
