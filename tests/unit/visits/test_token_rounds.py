"""Connections learn soon that their token is no longer good, and of nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from beanie import PydanticObjectId

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.database import Database
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken
from services.cancelling import cancel_and_wait
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.token_rounds import TOKENS_AT_ONCE, Loss, TokenRounds
from services.visits.widget_tokens import WidgetClaims
from tests.unit.answering.processes import stopped_mongod, until
from tests.unit.visits.test_embedding_origins import chatbot_on, new_origin

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("database")]

PATIENCE_S = 60.0


def token_of(client_id: str, chatbot_id: PydanticObjectId, **fields: datetime) -> WidgetToken:
    token_id = PydanticObjectId()
    defaults = {"expires_at": utc_now() + timedelta(days=7)}
    return WidgetToken(
        id=token_id,
        client_id=client_id,
        chatbot_id=chatbot_id,
        visitor_id=PydanticObjectId(),
        token_hash=f"hash of {token_id}",
        **{**defaults, **fields},
    )


async def stored(*tokens: WidgetToken) -> None:
    for token in tokens:
        await TenantScope.one(token.client_id).of(WidgetToken).insert(token)


def claims_of(token: WidgetToken) -> WidgetClaims:
    return WidgetClaims(
        client_id=token.client_id,
        chatbot_id=token.chatbot_id,
        visitor_id=token.visitor_id,
        visit_id=None,
        token_id=token.id,
        expires_at=token.expires_at,
    )


class Watching:
    """Connections that wait for the end of their tokens."""

    def __init__(self, rounds: TokenRounds) -> None:
        self._rounds = rounds
        self.tasks: list[asyncio.Task[Loss]] = []

    def watch(self, token: WidgetToken, origin: str | None = None) -> asyncio.Task[Loss]:
        self.tasks.append(asyncio.create_task(self._rounds.loss(claims_of(token), origin)))
        return self.tasks[-1]


@asynccontextmanager
async def watching() -> AsyncIterator[Watching]:
    rounds = TokenRounds(EmbeddingOrigins(frozenset(), development=False), round_seconds=0.02)
    running, watched = asyncio.create_task(rounds.run()), Watching(rounds)
    yield watched
    for task in (*watched.tasks, running):
        await cancel_and_wait(task)
    assert not rounds._watched, "nobody is watched whom nobody waits for"


async def loss_of(task: asyncio.Task[Loss]) -> Loss:
    return await asyncio.wait_for(asyncio.shield(task), PATIENCE_S)


async def a_round_over(token: WidgetToken) -> None:
    """Wait until a round that began after this has looked at the token."""
    tokens = TenantScope.one(token.client_id).of(WidgetToken)
    await tokens.update_one({"_id": token.id}, {"$set": {"last_used_at": None}})

    async def looked_at() -> bool:
        found = await tokens.get(token.id)
        return found is None or found.last_used_at is not None

    await until(looked_at)


@pytest.mark.parametrize("how", ["revoked", "deleted"])
async def test_a_connection_ends_with_its_token_and_no_other_does(how: str) -> None:
    client_id, chatbot_id = f"client-{PydanticObjectId()}", PydanticObjectId()
    many = [token_of(client_id, chatbot_id) for _ in range(3)]
    await stored(*many)
    tokens = TenantScope.one(client_id).of(WidgetToken)
    async with watching() as watched:
        first, twice, other = [watched.watch(one) for one in (many[0], many[0], many[1])]
        await a_round_over(many[1])
        assert not first.done()
        if how == "revoked":
            await tokens.update_one({"_id": many[0].id}, {"$set": {"revoked_at": utc_now()}})
        else:
            await tokens.raw.delete_one({"_id": many[0].id})
        assert (await loss_of(first), await loss_of(twice)) == ("revoked", "revoked")
        await a_round_over(many[1])
        assert not other.done()


async def test_more_than_one_question_carries_are_all_looked_at() -> None:
    client_id, chatbot_id = f"client-{PydanticObjectId()}", PydanticObjectId()
    many = [token_of(client_id, chatbot_id) for _ in range(TOKENS_AT_ONCE + 5)]
    await TenantScope.one(client_id).of(WidgetToken).insert_many(many)
    async with watching() as watched:
        tasks = [watched.watch(one) for one in many]
        await a_round_over(many[-1])
        assert not any(task.done() for task in tasks)
        await TenantScope.one(client_id).of(WidgetToken).raw.delete_many({"client_id": client_id})
        assert {await loss_of(task) for task in tasks} == {"revoked"}


async def test_another_clients_token_of_the_same_id_does_not_count() -> None:
    """What is asked for carries the client of who shows the token."""
    token = token_of(f"client-{PydanticObjectId()}", PydanticObjectId())
    await stored(token)
    stranger = token.model_copy(update={"client_id": f"client-{PydanticObjectId()}"})
    async with watching() as watched:
        owners = watched.watch(token)
        assert await loss_of(watched.watch(stranger)) == "revoked"
        assert not owners.done()


async def test_a_token_ends_at_its_time() -> None:
    soon = utc_now() + timedelta(milliseconds=300)
    token = token_of(f"client-{PydanticObjectId()}", PydanticObjectId(), expires_at=soon)
    await stored(token)
    async with watching() as watched:
        assert await loss_of(watched.watch(token)) == "expired"
    assert utc_now() >= soon


async def test_a_token_that_was_refreshed_ends_before_its_time() -> None:
    token = token_of(f"client-{PydanticObjectId()}", PydanticObjectId())
    await stored(token)
    tokens = TenantScope.one(token.client_id).of(WidgetToken)
    async with watching() as watched:
        task = watched.watch(token)
        await a_round_over(token)
        assert not task.done()
        await tokens.update_one({"_id": token.id}, {"$set": {"expires_at": utc_now()}})
        assert await loss_of(task) == "expired"


async def test_a_page_that_is_taken_off_the_list_ends_its_connections() -> None:
    origin, kept = new_origin(), new_origin()
    chatbot = await chatbot_on(origin, kept)
    token = token_of(chatbot.client_id, chatbot.id)
    await stored(token)
    chatbots = TenantScope.one(chatbot.client_id).of(Chatbot)
    async with watching() as watched:
        gone, stays, no_page = [watched.watch(token, page) for page in (origin, kept, None)]
        await a_round_over(token)
        assert not gone.done()
        await chatbots.update_one(
            {"_id": chatbot.id}, {"$set": {"published.allowed_origins": [kept]}}
        )
        assert await loss_of(gone) == "foreign"
        assert not stays.done()
        await (
            TenantScope.one(chatbot.client_id)
            .of(Client)
            .update_one({}, {"$set": {"active": False}})
        )
        assert await loss_of(stays) == "foreign"
        assert not no_page.done()


async def test_a_database_that_is_away_says_nothing_about_a_token(database: Database) -> None:
    token = token_of(f"client-{PydanticObjectId()}", PydanticObjectId())
    await stored(token)
    async with watching() as watched:
        task = watched.watch(token)
        with stopped_mongod(database):
            done, _ = await asyncio.wait([task], timeout=5.0)  # longer than a question may take
            assert not done
        await a_round_over(token)
        assert not task.done()
