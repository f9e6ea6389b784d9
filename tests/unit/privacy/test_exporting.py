"""An export and an erasure at the same moment, and what an export holds in memory."""

import asyncio
import secrets
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from documents.base import utc_now
from documents.conversations import Conversation
from documents.database.database import Database
from documents.downloads import Download, DownloadPart
from documents.messages import Message
from documents.transactions import WriteSession
from services.downloads.downloads import Downloads, FileGoneError, Link
from services.privacy.exporting import Exporting
from services.refusals import UnknownTargetError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor
from tests.unit.answering.scripted_models import Script
from tests.unit.privacy.test_erasing import erasing_in, left

pytestmark = pytest.mark.asyncio(loop_scope="session")
Outcome = TypeVar("Outcome")
SMALL_PARTS = 4_096
MEBIBYTE = 1 << 20


class Interrupted:
    """Transactions before each of which something else happens."""

    def __init__(self, database: Database, first: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._first = first

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        await self._first()
        return await self._database.run_transaction(callback)


async def talked(visitor: Visitor, messages: int, length: int = 1_000) -> None:
    """Give a visitor a conversation of so many messages that do not compress well."""
    conversation = Conversation(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        title="Long",
        last_message_at=utc_now(),
    )
    await visitor.scope.of(Conversation).insert(conversation)
    written = [
        Message(
            client_id=visitor.client_id,
            conversation_id=conversation.id,
            chatbot_id=visitor.chatbot_id,
            visitor_id=visitor.visitor_id,
            seq=seq,
            sender="visitor",
            status="complete",
            content=secrets.token_hex(length // 2),
        )
        for seq in range(1, messages + 1)
    ]
    for start in range(0, messages, 1_000):
        await visitor.scope.of(Message).insert_many(written[start : start + 1_000])


async def exported(visitor: Visitor, exporting: Exporting) -> Link:
    return await exporting.export(visitor.scope, visitor.visitor_id)


async def claimed(downloads: Downloads, link: Link) -> Download:
    download = await downloads.claim(link.code)
    assert download is not None
    return download


async def test_a_visitor_who_is_erased_while_the_archive_is_made_leaves_none(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await talked(visitor, 100)
    erasing = erasing_in(database, process_of(Script("x")))

    async def erased() -> None:
        assert await visitor.scope.of(DownloadPart).count(limit=1_000) > 2
        await erasing.erase(visitor.scope, visitor.visitor_id)

    exporting = Exporting(Interrupted(database, erased), Downloads(part_bytes=SMALL_PARTS))

    with pytest.raises(UnknownTargetError):
        await exported(visitor, exporting)

    assert await left(visitor) == {}


async def test_what_was_written_behind_an_erasures_back_goes_with_the_export(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    """The erasure has looked everywhere already when a part of the archive is stored."""
    await talked(visitor, 10)
    erasing = erasing_in(database, process_of(Script("x")))

    async def erased_and_written_again() -> None:
        await erasing.erase(visitor.scope, visitor.visitor_id)
        await file.write(b"x" * SMALL_PARTS)

    downloads = Downloads(part_bytes=SMALL_PARTS)
    file = downloads.begin(visitor.client_id, visitor_id=visitor.visitor_id)
    downloads.begin = lambda *_args, **_more: file  # type: ignore[method-assign]

    with pytest.raises(UnknownTargetError):
        await exported(
            visitor, Exporting(Interrupted(database, erased_and_written_again), downloads)
        )

    assert await left(visitor) == {}


async def test_whoever_fetches_an_archive_while_its_visitor_is_erased_gets_no_whole_one(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await talked(visitor, 100)
    downloads = Downloads(part_bytes=SMALL_PARTS)
    link = await exported(visitor, Exporting(database, downloads))
    content = downloads.content(await claimed(downloads, link))
    assert len(await anext(content)) == SMALL_PARTS

    await erasing_in(database, process_of(Script("x"))).erase(visitor.scope, visitor.visitor_id)

    with pytest.raises(FileGoneError):
        await anext(content)
    assert await left(visitor) == {}


async def test_a_fault_leaves_no_part_of_an_archive(visitor: Visitor, database: Database) -> None:
    async def fail() -> None:
        raise RuntimeError("the database is gone")

    await talked(visitor, 100)
    exporting = Exporting(Interrupted(database, fail), Downloads(part_bytes=SMALL_PARTS))
    with pytest.raises(RuntimeError, match="gone"):
        await exported(visitor, exporting)
    assert await visitor.scope.of(DownloadPart).count(limit=10) == 0


async def test_somebody_who_gives_up_leaves_no_part_of_an_archive(
    visitor: Visitor, database: Database
) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    await talked(visitor, 100)
    exporting = Exporting(Interrupted(database, wait), Downloads(part_bytes=SMALL_PARTS))
    export = asyncio.create_task(exported(visitor, exporting))
    await begun.wait()
    assert await visitor.scope.of(DownloadPart).count(limit=10) > 2
    export.cancel()
    with pytest.raises(asyncio.CancelledError):
        await export
    assert await visitor.scope.of(DownloadPart).count(limit=10) == 0


async def test_memory_does_not_grow_with_what_there_is_to_export(
    visitor: Visitor, database: Database
) -> None:
    await talked(visitor, 2_500, length=10_000)
    downloads = Downloads()
    exporting = Exporting(database, downloads)
    tracemalloc.start()
    try:
        link = await exported(visitor, exporting)
        size = 0
        async for part in downloads.content(await claimed(downloads, link)):
            size += len(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == link.size_bytes
    assert size > 10 * MEBIBYTE
    assert peak < 6 * MEBIBYTE
