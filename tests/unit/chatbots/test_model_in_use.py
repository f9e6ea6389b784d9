"""A language model that is deleted or switched off in the moment in which a chatbot chooses it.

Each test stops one of the two transactions at the point at which the other must not slip through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.database import Database
from documents.llm_configs import LlmConfig
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.chatbots.chatbots import Chatbots
from services.chatbots.llm_config_changes import LlmConfigChanges, LlmConfigInUseError
from services.chatbots.llm_config_rules import ConfigRules
from services.chatbots.logos import Logos
from services.chatbots.settings_checks import SettingsChecks
from services.chatbots.versions import VersionModelGoneError, Versions
from services.llm.factory import ModelFactory
from services.refusals import InvalidFieldsError
from services.uploads.pictures import Pictures
from services.uploads.uploads import Uploads
from tests.unit.answering.processes import SEALER

pytestmark = pytest.mark.asyncio(loop_scope="session")

Outcome = TypeVar("Outcome")
PATIENCE_SECONDS = 10.0


class HeldUp:
    """Transactions that stop once, with their view of the database taken and nothing written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.has_looked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        async def held_up(session: WriteSession) -> Outcome:
            await self._database.database["llm_configs"].find_one({}, session=session)
            self.has_looked.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.go_on.wait()
            return await callback(session)

        return await self._database.run_transaction(held_up)


@dataclass
class Shop:
    """A client with a chatbot and a model that the chatbot does not use."""

    scope: TenantScope
    client_id: str
    chatbot: Chatbot
    spare: LlmConfig

    async def stored(self) -> Chatbot:
        found = await self.scope.of(Chatbot).get(self.chatbot.id)
        assert found is not None
        return found

    async def spare_exists(self) -> bool:
        return await LlmConfig.find_one({"_id": self.spare.id}) is not None


def changes_with(transactions: Transactions) -> LlmConfigChanges:
    return LlmConfigChanges(transactions, SEALER, ConfigRules(ModelFactory(), ()))


def chatbots_with(transactions: Transactions) -> Chatbots:
    uploads = Uploads(transactions, Pictures(), "http://127.0.0.1:8000")
    return Chatbots(transactions, SettingsChecks(Logos(uploads)), most_per_client=10)


@pytest_asyncio.fixture(loop_scope="session")
async def shop(database: Database) -> Shop:
    client_id = f"client-{uuid4().hex[:8]}"
    scope = TenantScope.one(client_id)
    await scope.of(Client).insert(Client(client_id=client_id, name="Shop"))
    own, spare = [
        LlmConfig(client_id=client_id, name=name, provider="local", model="")
        for name in ("Own", "Spare")
    ]
    await own.insert()
    await spare.insert()
    chatbots = chatbots_with(database)
    chosen = {"default_llm_id": own.id}
    chatbot = await chatbots.create(scope, client_id, "Helper", chosen)
    return Shop(scope, client_id, chatbot, spare)


async def choose(shop: Shop, transactions: Transactions) -> None:
    change = {"fallback_llm_id": shop.spare.id}
    chatbots = chatbots_with(transactions)
    await chatbots.update(shop.scope, shop.chatbot.id, change)


async def create_with_spare(shop: Shop, transactions: Transactions) -> None:
    change = {"default_llm_id": shop.spare.id}
    chatbots = chatbots_with(transactions)
    await chatbots.create(shop.scope, shop.client_id, "Another", change)


PutToUse = Callable[[Shop, Transactions], Coroutine[None, None, None]]


@pytest.mark.parametrize("put_to_use", [choose, create_with_spare])
async def test_a_model_is_not_deleted_that_was_chosen_after_the_deletion_looked(
    shop: Shop, database: Database, put_to_use: PutToUse
) -> None:
    held_up = HeldUp(database)
    deleting = asyncio.create_task(changes_with(held_up).delete(shop.spare))
    await held_up.has_looked.wait()
    await put_to_use(shop, database)
    held_up.go_on.set()

    with pytest.raises(LlmConfigInUseError):
        await deleting
    assert await shop.spare_exists()


@pytest.mark.parametrize("put_to_use", [choose, create_with_spare])
async def test_a_model_is_not_chosen_that_was_deleted_after_the_choice_looked(
    shop: Shop, database: Database, put_to_use: PutToUse
) -> None:
    held_up = HeldUp(database)
    choosing = asyncio.create_task(put_to_use(shop, held_up))
    await held_up.has_looked.wait()
    await changes_with(database).delete(shop.spare)
    held_up.go_on.set()

    with pytest.raises(InvalidFieldsError, match="LlmId"):
        await choosing
    assert (await shop.stored()).draft.fallback_llm_id is None
    assert await shop.scope.of(Chatbot).count({}, limit=9) == 1


async def test_a_model_is_not_chosen_that_was_switched_off_after_the_choice_looked(
    shop: Shop, database: Database
) -> None:
    held_up = HeldUp(database)
    choosing = asyncio.create_task(choose(shop, held_up))
    await held_up.has_looked.wait()
    off = {"active": False}
    await changes_with(database).update(shop.spare, off, by_platform_admin=False)
    held_up.go_on.set()

    with pytest.raises(InvalidFieldsError, match="switched off"):
        await choosing
    assert (await shop.stored()).draft.fallback_llm_id is None


async def test_an_old_version_does_not_come_back_with_a_model_that_is_just_deleted(
    shop: Shop, database: Database
) -> None:
    versions = Versions(database)
    await choose(shop, database)
    await versions.publish(shop.scope, shop.chatbot.id, by=None)
    with_spare = (await shop.stored()).published_version_id
    without = {"fallback_llm_id": None}
    chatbots = chatbots_with(database)
    await chatbots.update(shop.scope, shop.chatbot.id, without)
    await versions.publish(shop.scope, shop.chatbot.id, by=None)

    held_up = HeldUp(database)
    rolling_back = asyncio.create_task(
        Versions(held_up).roll_back(shop.scope, shop.chatbot.id, with_spare, by=None)
    )
    await held_up.has_looked.wait()
    await changes_with(database).delete(shop.spare)
    held_up.go_on.set()

    with pytest.raises(VersionModelGoneError):
        await rolling_back
    assert (await shop.stored()).published.fallback_llm_id is None


async def test_many_chatbots_choose_one_model_at_once(shop: Shop, database: Database) -> None:
    await asyncio.gather(*(create_with_spare(shop, database) for _ in range(6)))
    assert await shop.scope.of(Chatbot).count({}, limit=9) == 7
    with pytest.raises(LlmConfigInUseError):
        await changes_with(database).delete(shop.spare)
