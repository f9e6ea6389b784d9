"""Everything that is kept about a visitor, as an archive that the visitor can take away.

It is read from every collection that carries the visitor's id, a batch at a time, and goes into a
download as it is made: memory does not grow with how much there is. The last step happens in one
transaction that touches the visitor itself. So an erasure that comes meanwhile either finds the
whole file and deletes it, or the export finds no visitor and leaves nothing.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import structlog

from documents.base import TenantDocument
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.visitors import Visitor
from services.audit.audit_log import record_about
from services.downloads.downloads import MAKING_MAY_TAKE, Downloads, FileInTheMaking, Link
from services.privacy.archive import Archive, Entry
from services.privacy.given import GIVEN, Given
from services.refusals import UnknownTargetError

BATCH = 100
"""Documents in memory at once; of the largest kind, answers with citations, about a megabyte."""

AT_ONCE = 2
"""Archives that one process makes at the same time; more wait for their turn."""

FILE_NAME = "what-we-know-about-you.zip"
MEDIA_TYPE = "application/zip"
Counts = dict[str, int]

log = structlog.get_logger()


class Exporting:
    """Makes archives of what is kept about visitors."""

    def __init__(self, transactions: Transactions, downloads: Downloads) -> None:
        self._transactions = transactions
        self._downloads = downloads
        self._places = asyncio.Semaphore(AT_ONCE)

    async def export(self, scope: TenantScope, visitor_id: PydanticObjectId) -> Link:
        """An archive of everything that is kept about a visitor.

        Raises:
            UnknownTargetError: the scope has no such visitor, or not any more.
        """
        visitor = await scope.of(Visitor).get(visitor_id)
        if visitor is None:
            raise _unknown()
        file = self._downloads.begin(visitor.client_id, visitor_id=visitor.id)
        try:
            async with self._places, asyncio.timeout(MAKING_MAY_TAKE.total_seconds()):
                counts = await _written(file, visitor)
            link = await self._transactions.run_transaction(
                lambda session: _handed_over(file, visitor, counts, session)
            )
        except BaseException:
            await file.drop()
            raise
        log.info("visitor_exported", client_id=visitor.client_id, exported=counts)
        return link


async def _handed_over(
    file: FileInTheMaking, visitor: Visitor, counts: Counts, session: WriteSession
) -> Link:
    visitors = TenantScope.one(visitor.client_id).of(Visitor)
    if await visitors.update_one({"_id": visitor.id}, {}, session=session) is None:
        raise _unknown()
    link = await file.hand_over(session, FILE_NAME, MEDIA_TYPE)
    noted = {"documents": sum(counts.values()), "size_bytes": link.size_bytes}
    await record_about(session, Visitor, visitor.id, client_id=visitor.client_id, noted=noted)
    return link


async def _written(file: FileInTheMaking, visitor: Visitor) -> Counts:
    """Write the archive; how many documents of each kind are in it."""
    counts: Counts = {}
    with Archive() as archive:
        for kind, given in GIVEN.items():
            archive.begin_file(file_name(kind))
            counts[str(kind.Settings.name)] = await _added(archive, file, kind, given, visitor)
            archive.end_file()
        await file.write(archive.end(_readme(visitor, counts)))
    await file.end()
    return counts


async def _added(
    archive: Archive,
    file: FileInTheMaking,
    kind: type[TenantDocument],
    given: Given,
    visitor: Visitor,
) -> int:
    documents, count = TenantScope.one(visitor.client_id).of(kind), 0
    own = {"_id" if kind is Visitor else "visitor_id": visitor.id}
    found = documents.raw.find(documents.condition(own), _stored_names(given), batch_size=BATCH)
    async with found:
        while batch := await found.to_list(BATCH):
            await file.write(await archive.add(_entry(one, given) for one in batch))
            count += len(batch)
    return count


def _stored_names(given: Given) -> list[str]:
    return ["_id" if name == "id" else name for name in given.fields]


def _entry(found: Mapping[str, Any], given: Given) -> Entry:
    """A document as it is stored: what an older version did not write is not there."""
    entry = {"id" if name == "_id" else name: value for name, value in found.items()}
    for name, parts in given.inside.items():
        entry[name] = [_only(parts, one) for one in entry.get(name, [])]
    return entry


def _only(names: Collection[str], found: Mapping[str, Any]) -> Entry:
    return {name: value for name, value in found.items() if name in names}


def file_name(kind: type[TenantDocument]) -> str:
    """The file of the archive in which documents of a class stand."""
    return f"{kind.Settings.name}.json"


def _readme(visitor: Visitor, counts: Counts) -> Iterator[str]:
    yield "This is everything that this installation of Parlance keeps about one visitor of a"
    yield f"website. The site's operator is known here as {visitor.client_id}, the visitor as"
    yield f"{visitor.id}. Each file is a list in JSON (UTF-8); times are in UTC."
    yield ""
    for kind, given in GIVEN.items():
        yield f"{file_name(kind)} ({counts[str(kind.Settings.name)]})"
        yield f"    {given.about}"
    yield ""
    yield "Not in here: keys and tokens, because whoever finds this file could use them; how the"
    yield "server came to its answers and what they cost; backups; and what the operator keeps"
    yield "elsewhere. What you wrote was also sent to the language model's provider."
    yield ""


def _unknown() -> UnknownTargetError:
    return UnknownTargetError("input", "visitorId")
