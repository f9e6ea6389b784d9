"""The hooks of examples/hooks as they stand: in the sandbox, in a turn, against a real server."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from documents.chatbots import ChatbotSettings
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.messages import Message
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.telling import context_of
from tests.providers.byte_server import Answer, Packets, byte_server
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor, text_of
from tests.unit.answering.scripted_models import Script
from tests.unit.answering.test_hooked_turns import the_answer, the_conversation
from tests.unit.hooks.put_to_use import Hooks
from tests.unit.hooks.sandbox.opened import opened, outcome_of
from tests.unit.outgoing.resolvers import ScriptedResolver

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDER = Path(__file__).parents[3] / "examples" / "hooks"
SHOP = "api.shop.example"
TOKEN = "shop-token-0123456789"


def source_of(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with opened() as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def hooks(database: Database, sandbox: Sandbox) -> AsyncIterator[Hooks]:
    hooks = Hooks(database, sandbox, [SHOP], ScriptedResolver("127.0.0.1"))
    yield hooks
    await hooks.close()


async def test_every_example_is_tried_here() -> None:
    assert {one.stem for one in FOLDER.glob("*.py")} == {
        "order_status",
        "card_numbers",
        "opening_hours",
        "language_routing",
    }


async def test_order_status_comes_from_the_shops_api(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    hosts = {"$set": {"hook_hosts": [SHOP]}}
    client = await visitor.scope.of(Client).update_one({}, hosts)
    assert client is not None
    await hooks.secrets.set(visitor.scope, client, "SHOP_TOKEN", SHOP, TOKEN)
    order = json.dumps({"status": "on its way", "due": "Friday", "debug": TOKEN}).encode()
    async with byte_server(Answer([Packets(order)])) as shop:
        source = source_of("order_status").replace(f"https://{SHOP}", f"http://{SHOP}:{shop.port}")
        await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, source)
        script = Script("It comes on Friday.")
        process = process_of(script, hooks=hooks.steps)
        await process.answer(visitor, "Where is 123456?")
        assert shop.requests[-1].path == "/orders/123456"
        assert shop.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert script.request is not None
    assert "Order 123456 is on its way, expected on Friday." in script.request.turns[0].text
    assert TOKEN not in repr(script.request)
    assert (await the_answer(visitor)).tags[-1] == "order"


@pytest.mark.parametrize(
    ("shop_says", "told", "status"),
    [
        (Answer([], 404), "There is no order 123456.", "open"),
        (Answer([], 500), "", "needs_human"),
        (Answer([], 302, {"location": "http://127.0.0.1/"}), "", "needs_human"),
    ],
)
async def test_order_status_has_an_answer_when_the_shop_has_none(
    process_of: MakeProcess,
    visitor: Visitor,
    hooks: Hooks,
    shop_says: Answer,
    told: str,
    status: str,
) -> None:
    client = await visitor.scope.of(Client).update_one({}, {"$set": {"hook_hosts": [SHOP]}})
    assert client is not None
    await hooks.secrets.set(visitor.scope, client, "SHOP_TOKEN", SHOP, TOKEN)
    async with byte_server(shop_says) as shop:
        source = source_of("order_status").replace(f"https://{SHOP}", f"http://{SHOP}:{shop.port}")
        await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, source)
        script = Script("Let me see.")
        await process_of(script, hooks=hooks.steps).answer(visitor, "Where is 123456?")
    assert script.request is not None
    assert told in script.request.turns[0].text
    assert (await the_conversation(visitor)).status == status


async def test_card_numbers_reach_neither_model_nor_visitor(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = source_of("card_numbers")
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, source, required=True)
    script = Script("You said 4111 1111 ", "1111 1111, and order 1234567890123.")
    process = process_of(script, hooks=hooks.steps)
    events = await process.answer(visitor, "Mine is 4111-1111-1111-1111, order 1234567890123")
    assert script.request is not None
    assert script.request.question == "Mine is [card number removed], order 1234567890123"
    assert "1111" not in repr(script.request)
    assert text_of(events) == "You said [card number removed], and order 1234567890123."
    assert "1111" not in repr(events)
    assert "1111" not in (await the_answer(visitor)).content


async def test_opening_hours_are_told_without_a_model(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, source_of("opening_hours"))
    process = process_of(Script("Never said."), hooks=hooks.steps)
    events = await process.answer(visitor, "What are your opening hours?")
    assert text_of(events) == "We are there from Monday to Friday, 9:00 to 17:00."
    assert process.models.created == 0
    assert (await the_answer(visitor)).suggestions == ["Where are you?"]


@pytest.mark.parametrize(
    ("moment", "said", "escalate"),
    [
        ("2026-11-20T08:30:00", "One moment, please.", "asked for a person"),  # 09:30 in Berlin
        ("2026-11-20T16:30:00", "Nobody is there now.", None),
        ("2026-11-21T10:00:00", "Nobody is there now.", None),  # a Saturday
    ],
)
async def test_opening_hours_go_by_the_clients_clock(
    sandbox: Sandbox, moment: str, said: str, escalate: str | None
) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    talk = Conversation(
        client_id="shop",
        chatbot_id=PydanticObjectId(),
        visitor_id=PydanticObjectId(),
        title="Hello",
        last_message_at=now,
    )
    client = Client(client_id="shop", name="Shop", time_zone="Europe/Berlin")
    settings = ChatbotSettings(name="Helper", default_llm_id=PydanticObjectId())
    ctx = context_of(client, settings, talk, None, language="en", now=now)
    outcome = await outcome_of(
        sandbox, source_of("opening_hours"), ctx=ctx, message="I want to talk to a person"
    )
    assert outcome.verdict == "ok", outcome
    assert outcome.result is not None
    assert outcome.result["block"].startswith(said)
    assert outcome.result.get("escalate") == escalate


async def test_another_model_answers_in_french(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    paris = LlmConfig(client_id=visitor.client_id, name="Paris", provider="local", model="x")
    await paris.insert()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, source_of("language_routing"))
    process = process_of(Script("D'accord."), hooks=hooks.steps)
    await process.answer(visitor, "Quels sont vos horaires d'ouverture le dimanche matin ?")
    assert (await the_answer(visitor)).llm_name == "Paris"
    await process.answer(visitor, "What are your opening hours on Sunday morning, please?")
    found = await visitor.scope.of(Message).find({"sender": "bot"}, limit=9, sort=[("_id", 1)])
    assert [one.llm_name for one in found] == ["Paris", "Scripted"]
