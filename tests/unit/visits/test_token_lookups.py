"""Tokens that are looked for at the same moment are found together, each for its own caller."""

import asyncio
from datetime import timedelta

import pytest
from beanie import PydanticObjectId

from documents.base import utc_now
from documents.database.database import Database
from documents.errors import DatabaseUnavailableError
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken
from services.visits import token_lookups
from services.visits.token_lookups import TokenLookups

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("database")]

Keys = list[tuple[str, str]]


async def token_of(client_id: str) -> WidgetToken:
    token_id = PydanticObjectId()
    token = WidgetToken(
        id=token_id,
        client_id=client_id,
        chatbot_id=PydanticObjectId(),
        visitor_id=PydanticObjectId(),
        token_hash=f"hash of {token_id}",
        expires_at=utc_now() + timedelta(days=1),
    )
    return await TenantScope.one(client_id).of(WidgetToken).insert(token)


class Questions:
    """What was asked of the database; a question may be held back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Keys] = []
        self.goes = asyncio.Event()
        self.goes.set()
        self._answer = token_lookups._records
        monkeypatch.setattr(token_lookups, "_records", self._records)

    async def _records(self, keys: Keys) -> dict[tuple[str, str], WidgetToken]:
        self.asked.append(keys)
        found = await self._answer(keys)
        await self.goes.wait()
        return found


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> Questions:
    return Questions(monkeypatch)


async def test_who_asks_while_others_wait_is_answered_with_them(questions: Questions) -> None:
    lookups = TokenLookups()
    tokens = [await token_of(f"client-{number % 3}") for number in range(20)]
    questions.goes.clear()
    first = asyncio.create_task(lookups.find(tokens[0].client_id, tokens[0].token_hash))
    await asyncio.sleep(0)
    rest = [asyncio.create_task(lookups.find(one.client_id, one.token_hash)) for one in tokens * 2]
    await asyncio.sleep(0.05)
    questions.goes.set()

    found = [await task for task in (first, *rest)]
    assert [one.id for one in found if one] == [one.id for one in (tokens[0], *tokens * 2)]
    assert [len(keys) for keys in questions.asked] == [1, 20]


async def test_what_was_revoked_before_somebody_asks_is_not_found(questions: Questions) -> None:
    lookups, token = TokenLookups(), await token_of("client")
    key = (token.client_id, token.token_hash)
    questions.goes.clear()
    before = asyncio.create_task(lookups.find(*key))
    await asyncio.sleep(0.05)  # the question has been answered, and nobody knows yet
    revoked = {"$set": {"revoked_at": utc_now()}}
    await TenantScope.one("client").of(WidgetToken).update_one({"_id": token.id}, revoked)
    after = asyncio.create_task(lookups.find(*key))
    await asyncio.sleep(0)
    questions.goes.set()

    assert await before is not None, "it was good when it was asked for"
    assert await after is None


async def test_a_token_is_found_for_its_own_client_only() -> None:
    lookups, token = TokenLookups(), await token_of("client-a")
    other = await token_of("client-b")
    own, foreign, unknown, others = await asyncio.gather(
        lookups.find("client-a", token.token_hash),
        lookups.find("client-b", token.token_hash),
        lookups.find("client-a", "unknown"),
        lookups.find("client-b", other.token_hash),
    )
    assert own is not None
    assert own.id == token.id
    assert (foreign, unknown) == (None, None)
    assert others is not None
    assert others.id == other.id


async def test_whoever_leaves_takes_nothing_from_the_others(questions: Questions) -> None:
    lookups, token = TokenLookups(), await token_of("client")
    key = (token.client_id, token.token_hash)
    questions.goes.clear()
    leaving, staying = (asyncio.create_task(lookups.find(*key)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    questions.goes.set()

    found = await staying
    assert found is not None
    assert leaving.cancelled()


async def test_everybody_is_told_when_the_database_is_away_and_asks_anew_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups, token = TokenLookups(), await token_of("client")
    key = (token.client_id, token.token_hash)

    async def away(_keys: Keys) -> dict[tuple[str, str], WidgetToken]:
        raise DatabaseUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(token_lookups, "_records", away)
        found = await asyncio.gather(
            *(lookups.find(*key) for _ in range(3)), return_exceptions=True
        )
        assert [type(one) for one in found] == [DatabaseUnavailableError] * 3
    assert await lookups.find(*key) is not None
