"""Seeds are whole whenever their making ends, go on later, and are refused where they would mix."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from documents.base import TenantDocument
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.installation import Installation
from documents.messages import Message
from documents.seeds import begin_removal, forget_seeds, seed_progress
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.visitors import Visitor
from documents.visits import Visit
from services.seeding.making import SLUG_PREFIX
from services.seeding.seeding import STEP_SECONDS, Seeding, SeedingRefusedError
from services.seeding.sizes import SeedSize, steps_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
MODEL = PydanticObjectId()
SIZE = SeedSize(clients=3, chatbots=5, messages=1_500)
SEEDED = {"client_id": {"$regex": f"^{SLUG_PREFIX}"}}
KINDS: tuple[type[TenantDocument], ...] = (
    Client,
    Chatbot,
    ChatbotVersion,
    Visitor,
    Visit,
    Conversation,
    Message,
)


class EndedError(Exception):
    """The command was ended."""


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def no_seeds(database: Database) -> AsyncIterator[None]:
    await Installation.get_pymongo_collection().update_one(
        {"_id": "installation"}, {"$setOnInsert": {"uuid": "of the tests"}}, upsert=True
    )
    yield
    for kind in KINDS:
        await kind.get_pymongo_collection().delete_many(SEEDED)
    await forget_seeds()


def seeding_in(database: Database) -> Seeding:
    return Seeding(functools.partial(database.run_transaction, deadline_s=STEP_SECONDS), MODEL)


def tell_nobody(_count: int) -> None:
    """Nobody watches."""


async def made(seeding: Seeding, size: SeedSize = SIZE) -> list[int]:
    told: list[int] = []
    await seeding.go_on(await seeding.begin(size), told.append)
    return told


async def stored() -> dict[str, list[dict[str, Any]]]:
    return {
        kind.__name__: await kind.get_pymongo_collection().find(SEEDED).sort("_id").to_list()
        for kind in KINDS
    }


def ids(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    return {name: [one["_id"] for one in documents] for name, documents in found.items()}


def check_whole(found: dict[str, list[dict[str, Any]]]) -> None:
    """Nothing points at what is not there, and every conversation has all of its messages."""
    there = {name: {one["_id"] for one in documents} for name, documents in found.items()}
    slugs = {one["client_id"] for one in found["Client"]}
    assert {one["client_id"] for documents in found.values() for one in documents} <= slugs
    assert {one["published_version_id"] for one in found["Chatbot"]} == there["ChatbotVersion"]
    for name in ("Visit", "Conversation", "Message"):
        assert {one["visitor_id"] for one in found[name]} <= there["Visitor"]
        assert {one["chatbot_id"] for one in found[name]} <= there["Chatbot"]
    said: dict[Any, list[int]] = {one: [] for one in there["Conversation"]}
    for message in found["Message"]:
        said[message["conversation_id"]].append(message["seq"])
    for one in found["Conversation"]:
        assert sorted(said[one["_id"]]) == list(range(1, one["message_count"] + 1))


async def test_everything_is_made_with_texts_in_many_languages(database: Database) -> None:
    told = await made(seeding_in(database))

    found = await stored()
    assert sum(told) == SIZE.messages
    counts = {name: len(documents) for name, documents in found.items()}
    assert (counts["Client"], counts["Chatbot"], counts["Message"]) == (3, 5, 1_500)
    check_whole(found)
    assert len({one["language"] for one in found["Conversation"]}) >= 6
    assert not [one for one in found["Message"] if "{" in one["content"] or not one["content"]]
    assert not [one for one in found["Message"] if not one["words"]], "a search finds them"
    for kind in KINDS:
        one = await TenantScope.every_client().of(kind).find_one(SEEDED)
        assert one is not None, "it loads"
    newest = max(one["last_message_at"] for one in found["Conversation"])
    progress = await seed_progress()
    assert progress is not None
    assert newest <= progress.began_at


async def test_made_again_there_is_nothing_more(database: Database) -> None:
    await made(seeding_in(database))
    before = ids(await stored())
    assert sum(await made(seeding_in(database))) == SIZE.messages
    assert ids(await stored()) == before


@pytest.mark.parametrize("step", range(len(list(steps_of(SIZE)))))
async def test_ended_within_any_step_all_is_whole_and_goes_on(
    database: Database, step: int
) -> None:
    """The step's documents are stored when the end comes, and its transaction is not committed."""
    steps_begun = 0
    run = functools.partial(database.run_transaction, deadline_s=STEP_SECONDS)

    async def ended(callback: Callable[[WriteSession], Awaitable[None]]) -> None:
        async def to_the_end(session: WriteSession) -> None:
            nonlocal steps_begun
            await callback(session)
            steps_begun += 1
            if steps_begun == step + 2:  # the first is what notes that seeds are wanted
                raise EndedError

        await run(to_the_end)

    with pytest.raises(EndedError):
        await made(Seeding(ended, MODEL))
    check_whole(await stored())
    progress = await seed_progress()
    assert progress is not None
    assert progress.steps == step

    await made(seeding_in(database))

    found = await stored()
    check_whole(found)
    assert len(found["Message"]) == SIZE.messages


async def test_two_commands_at_once_make_nothing_twice(database: Database) -> None:
    one, other = seeding_in(database), seeding_in(database)
    progress = await one.begin(SIZE)
    also = await other.begin(SIZE)
    await one.go_on(progress, tell_nobody)
    with pytest.raises(SeedingRefusedError, match="Another command"):
        await other.go_on(also, tell_nobody)
    assert len((await stored())["Message"]) == SIZE.messages


async def test_another_size_is_refused_with_what_to_do(database: Database) -> None:
    await made(seeding_in(database))
    with pytest.raises(SeedingRefusedError, match=r"--messages 1500.*--remove"):
        await seeding_in(database).begin(SeedSize(3, 5, 1_600))


async def test_clients_that_only_look_like_seeds_are_left_alone(database: Database) -> None:
    own = Client(client_id=f"{SLUG_PREFIX}000001", name="Seeds and more, a garden shop")
    await TenantScope.one(own.client_id).of(Client).insert(own)
    with pytest.raises(SeedingRefusedError, match="no seeds of this database"):
        await seeding_in(database).begin(SIZE)
    assert await seeding_in(database).remove(tell_nobody) == 0
    assert await TenantScope.one(own.client_id).of(Client).get(own.id)


async def test_seeds_go_with_everything_and_may_be_made_anew(database: Database) -> None:
    await made(seeding_in(database))
    told: list[int] = []
    assert await seeding_in(database).remove(told.append) == len(told) == 3
    assert not any((await stored()).values())
    await made(seeding_in(database), SeedSize(1, 1, 10))


async def test_a_removal_that_was_ended_is_finished_first(database: Database) -> None:
    await made(seeding_in(database))
    await begin_removal()
    with pytest.raises(SeedingRefusedError, match="--remove"):
        await seeding_in(database).begin(SIZE)
    assert await seeding_in(database).remove(tell_nobody) == 3
    await made(seeding_in(database))


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (SeedSize(0, 1, 1), "--clients needs a number from 1"),
        (SeedSize(1, -1, 1), "--chatbots needs a number from 0"),
        (SeedSize(1, 1, 100_000_001), "--messages needs a number from 0 to 100000000"),
        (SeedSize(1, 0, 1), "Messages need chatbots"),
    ],
    ids=str,
)
async def test_sizes_that_make_no_sense_are_refused(
    database: Database, size: SeedSize, told: str
) -> None:
    with pytest.raises(SeedingRefusedError, match=told):
        await seeding_in(database).begin(size)
    assert await seed_progress() is None
