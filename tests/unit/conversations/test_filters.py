"""Which conversations a list shows, and that MongoDB reads hardly more of them than that."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from beanie import PydanticObjectId

from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.tenancy import TenantScope
from graphql_schema.node import global_id
from graphql_schema.schema import schema
from tests.unit.conversations.conftest import ContextOf, member, widget

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 1_200
RARE = 3
"""So many of them are special; the newest of those is older than most of the others."""

PAGE = 20
BEGAN = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIST = """
query ($client: ID, $filter: ConversationFilter, $first: Int! = 20, $after: String) {
  conversations(clientId: $client, filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id } }
  }
}
"""


@dataclass
class Stored:
    """A client with many conversations, the first few of which are special in every way."""

    slug: str = field(default_factory=lambda: f"client-{uuid4().hex[:8]}")
    chatbot_id: PydanticObjectId = field(default_factory=PydanticObjectId)
    visitor_id: PydanticObjectId = field(default_factory=PydanticObjectId)
    llm_id: PydanticObjectId = field(default_factory=PydanticObjectId)
    special: list[str] = field(default_factory=list)
    all: list[str] = field(default_factory=list)

    @property
    def scope(self) -> TenantScope:
        return TenantScope.one(self.slug)

    def filters(self) -> dict[str, dict[str, Any]]:
        """Filters, each of which lets the special ones through and no others."""
        return {
            "chatbot": {"chatbotId": global_id("Chatbot", self.chatbot_id)},
            "visitor": {"visitorId": global_id("Visitor", self.visitor_id)},
            "model": {"llmConfigId": global_id("LlmConfig", self.llm_id)},
            "status": {"statuses": ["NEEDS_HUMAN", "CLOSED"]},
            "language": {"languages": ["JA", "TH"]},
            "liked": {"rating": "UP"},
            "disliked": {"rating": "DOWN"},
            "citing": {"hasCitations": True},
            "period": {"until": (BEGAN + timedelta(minutes=RARE)).isoformat()},
            "everything": {
                "chatbotId": global_id("Chatbot", self.chatbot_id),
                "statuses": ["NEEDS_HUMAN"],
                "languages": ["JA"],
                "rating": "UP",
                "hasCitations": True,
                "from": BEGAN.isoformat(),
            },
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stored(mongodb: Database) -> Stored:
    made = Stored()
    await made.scope.of(Client).insert(Client(client_id=made.slug, name="A client"))
    conversations = []
    for number in range(MANY):
        began = BEGAN + timedelta(minutes=number)
        special = {
            "chatbot_id": made.chatbot_id,
            "visitor_id": made.visitor_id,
            "language": "ja",
            "status": "needs_human",
            "llm_config_ids": [PydanticObjectId(), made.llm_id],
            "has_citations": True,
            "rated_up": 1,
            "rated_down": 2,
            "ratings": ["up", "down"],
        }
        common = {
            "chatbot_id": PydanticObjectId(),
            "visitor_id": PydanticObjectId(),
            "language": "de",
        }
        one = Conversation(
            id=id_at(began, number),
            client_id=made.slug,
            title=f"Talk {number}",
            created_at=began,
            last_message_at=began,
            **(special if number < RARE else common),
        )
        conversations.append(one)
        made.all.insert(0, global_id("Conversation", one.id))
    made.special = made.all[-RARE:]
    await made.scope.of(Conversation).insert_many(conversations)
    return made


def id_at(moment: datetime, number: int) -> PydanticObjectId:
    """An id that was made at a moment."""
    begun = PydanticObjectId.from_datetime(moment).binary[:4]
    return PydanticObjectId(begun + number.to_bytes(8, "big"))


@pytest_asyncio.fixture(loop_scope="session")
async def profiled(database: Database) -> AsyncGenerator[Database, None]:
    """The worker's database with every operation recorded."""
    await database.database.command("profile", 0)
    await database.database.drop_collection("system.profile")
    await database.database.create_collection("system.profile", capped=True, size=16_000_000)
    await database.database.command("profile", 2)
    yield database
    await database.database.command("profile", 0)


async def listed(context_of: ContextOf, viewer: Any, **variables: Any) -> dict[str, Any]:
    result = await schema.execute(LIST, variables, context_of(viewer))
    assert result.errors is None, result.errors
    assert result.data is not None
    page: dict[str, Any] = result.data["conversations"]
    return page


def ids_on(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


@pytest.mark.parametrize("name", sorted(Stored().filters()))
async def test_a_filter_shows_what_matches_and_reads_hardly_more(
    name: str, stored: Stored, profiled: Database, context_of: ContextOf
) -> None:
    page = await listed(context_of, member(stored.slug), filter=stored.filters()[name])
    assert ids_on(page) == stored.special
    assert page["totalCount"] == RARE
    assert not page["pageInfo"]["hasNextPage"]
    await check_reading(profiled)


@pytest.mark.parametrize(
    "common", [{}, {"statuses": ["OPEN"]}, {"languages": ["DE", "EN"]}, {"hasCitations": False}]
)
async def test_a_page_of_many_is_read_in_its_order(
    common: dict[str, Any], stored: Stored, profiled: Database, context_of: ContextOf
) -> None:
    first = await listed(context_of, member(stored.slug), filter=common)
    assert ids_on(first) == stored.all[:PAGE]
    after = first["pageInfo"]["endCursor"]
    second = await listed(context_of, member(stored.slug), filter=common, after=after)
    assert ids_on(second) == stored.all[PAGE : 2 * PAGE]
    await check_reading(profiled, counted=MANY)


async def check_reading(profiled: Database, counted: int = RARE) -> None:
    """Every page and every count came from an index, in order, without reading in vain."""
    profile = profiled.database["system.profile"]
    ns = f"{profiled.database.name}.conversations"
    recorded = await profile.find({"ns": ns, "op": {"$in": ["query", "command"]}}).to_list(None)
    assert recorded
    for entry in recorded:
        assert "COLLSCAN" not in entry["planSummary"], entry["command"]
        assert not entry.get("hasSortStage"), entry["command"]
        is_page = entry["op"] == "query"
        assert entry["docsExamined"] <= (PAGE + 10 if is_page else counted), entry


async def test_conditions_on_what_is_not_there_match_nothing(
    stored: Stored, context_of: ContextOf
) -> None:
    unknown = global_id("Chatbot", PydanticObjectId())
    for filter_ in (
        {"chatbotId": unknown},
        {"chatbotId": "nonsense"},
        {"visitorId": global_id("Chatbot", stored.chatbot_id)},
        {"from": (BEGAN + timedelta(minutes=MANY)).isoformat()},
        {"from": (BEGAN + timedelta(hours=1)).isoformat(), "until": BEGAN.isoformat()},
        {"until": "0001-01-01T00:00:00Z"},
        {"from": "9999-12-31T23:59:59Z"},
    ):
        page = await listed(context_of, member(stored.slug), filter=filter_)
        assert page["edges"] == []
        assert page["totalCount"] == 0


async def test_a_period_is_exact_and_open_ended_ones_reach_to_the_end_of_time(
    stored: Stored, context_of: ContextOf
) -> None:
    viewer = member(stored.slug)
    for since, until, wanted in (
        (BEGAN, BEGAN + timedelta(minutes=2), stored.all[-2:]),
        (BEGAN + timedelta(milliseconds=1), BEGAN + timedelta(minutes=2), stored.all[-2:-1]),
        (BEGAN, BEGAN + timedelta(minutes=1, milliseconds=1), stored.all[-2:]),
    ):
        period = {"from": since.isoformat(), "until": until.isoformat()}
        assert ids_on(await listed(context_of, viewer, filter=period)) == wanted
    ever = {"from": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z", "languages": []}
    assert ids_on(await listed(context_of, viewer, filter=ever)) == stored.all[:PAGE]


async def test_another_clients_conversations_match_no_filter(
    stored: Stored, context_of: ContextOf
) -> None:
    for filter_ in (None, *stored.filters().values()):
        page = await listed(context_of, member("somebody-else"), filter=filter_)
        assert page["edges"] == []


async def test_a_visitor_sees_the_last_of_the_visitors_own(
    stored: Stored, context_of: ContextOf
) -> None:
    own = widget(stored.slug, stored.chatbot_id, stored.visitor_id)
    clients = stored.scope.of(Client)
    try:
        assert ids_on(await listed(context_of, own)) == stored.special
        await clients.update_one({}, {"$set": {"conversations_kept_per_visitor": 2}})
        page = await listed(context_of, own)
        assert ids_on(page) == stored.special[:2]
        assert page["totalCount"] == 2
        first = await listed(context_of, own, first=1)
        after = first["pageInfo"]["endCursor"]
        assert ids_on(await listed(context_of, own, after=after)) == stored.special[1:2]
        other_chatbot = widget(stored.slug, PydanticObjectId(), stored.visitor_id)
        assert ids_on(await listed(context_of, other_chatbot)) == []
        stranger = {"visitorId": global_id("Visitor", PydanticObjectId())}
        assert ids_on(await listed(context_of, own, filter=stranger)) == []
    finally:
        await clients.update_one({}, {"$set": {"conversations_kept_per_visitor": 10}})
