"""A client or a chatbot whose deletion was cut off is deleted by whoever comes by."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.database import Database
from documents.messages import Message
from documents.transactions import Outcome, WriteSession
from services.chatbots.chatbots import Chatbots
from services.chatbots.deletion import delete_chatbot
from services.chatbots.logos import Logos
from services.chatbots.settings_checks import SettingsChecks
from services.clients.deletion import delete_client
from services.clients.updating import ClientChanges
from services.privacy.left_deletions import finish_a_deletion
from services.uploads.pictures import Pictures
from services.uploads.uploads import Uploads
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")
AT_ONCE = timedelta(0)


class CutOff:
    """A database whose process dies right after the transaction that begins a deletion."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        await self._database.run_transaction(callback)
        raise ConnectionResetError


async def cut_off_client(visitor: Visitor, database: Database) -> None:
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    with pytest.raises(ConnectionResetError):
        await delete_client(CutOff(database), visitor.scope, client.id, client.client_id)


async def finish_all() -> None:
    while await finish_a_deletion(AT_ONCE):
        pass


async def test_what_is_left_of_a_client_goes_and_not_before_its_request_is_over(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await process_of(Script("x")).store(visitor.question())
    await cut_off_client(visitor, database)
    while await finish_a_deletion():
        pass
    assert await visitor.scope.of(Message).count(limit=1) == 1, "its request may be at it"
    await asyncio.gather(*(finish_all() for _ in range(3)))
    for kind in (Client, Chatbot, Message):
        assert await visitor.scope.of(kind).count(limit=1) == 0


async def test_what_is_left_of_a_chatbot_goes(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await process_of(Script("x")).store(visitor.question())
    with pytest.raises(ConnectionResetError):
        await delete_chatbot(CutOff(database), visitor.scope, visitor.chatbot_id, "Helper")
    await finish_all()
    assert await visitor.scope.of(Message).count(limit=1) == 0
    assert await visitor.scope.of(Chatbot).count(limit=1) == 0
    assert await visitor.scope.of(Client).count(limit=1) == 1


async def test_a_client_that_is_switched_on_again_stays_also_when_it_is_off_later(
    visitor: Visitor, database: Database
) -> None:
    await cut_off_client(visitor, database)
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    changes = ClientChanges(database)
    for active in (True, False):
        await changes.update(visitor.scope, client.id, {"active": active})
        await finish_all()
        assert await visitor.scope.of(Client).count(limit=1) == 1


async def test_a_client_that_is_being_deleted_goes_also_when_something_else_of_it_changes(
    visitor: Visitor, database: Database
) -> None:
    await cut_off_client(visitor, database)
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    for change in ({"name": "Another"}, {"active": False}):
        await ClientChanges(database).update(visitor.scope, client.id, change)
    await finish_all()
    assert await visitor.scope.of(Client).count(limit=1) == 0


async def test_a_chatbot_that_is_switched_on_again_stays_also_when_it_is_off_later(
    visitor: Visitor, database: Database
) -> None:
    with pytest.raises(ConnectionResetError):
        await delete_chatbot(CutOff(database), visitor.scope, visitor.chatbot_id, "Helper")
    uploads = Uploads(database, Pictures(), "http://127.0.0.1:8000")
    checks = SettingsChecks(Logos(uploads))
    chatbots = Chatbots(database, checks, most_per_client=9)
    for active in (True, False):
        await chatbots.update(visitor.scope, visitor.chatbot_id, {}, active=active)
        await finish_all()
        assert await visitor.scope.of(Chatbot).count(limit=1) == 1
