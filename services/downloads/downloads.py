"""Files that somebody may fetch once, with a link that nobody can guess and that soon ends.

Whoever makes a file writes it piece by piece; no more than one piece is in memory, then or when it
is fetched. Only the code's fingerprint is kept. The file is deleted when it was fetched, when its
link has ended, and with whom it is about.
"""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.base import utc_now
from documents.downloads import Download, DownloadPart
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.sealing.tokens import fingerprint, new_token

LINK_LIVES = timedelta(minutes=15)

MAKING_MAY_TAKE = timedelta(minutes=15)
"""The first piece must still be there when the link of the last one ends."""

PART_BYTES = 512 * 1024


class FileGoneError(RuntimeError):
    """A file was deleted while somebody fetched it: an erasure came in between."""


@dataclass(frozen=True, slots=True)
class Link:
    """What opens a file once. The code is known to nobody else, and not kept."""

    code: str
    expires_at: datetime
    size_bytes: int
    sha256: str


class FileInTheMaking:
    """Takes a file as it is made."""

    def __init__(
        self, client_id: str, visitor_id: PydanticObjectId | None, part_bytes: int
    ) -> None:
        self._id = PydanticObjectId()
        self._client_id = client_id
        self._visitor_id = visitor_id
        self._part_bytes = part_bytes
        self._code = new_token()
        self._began_at = utc_now()
        self._digest = hashlib.sha256()
        self._pending = bytearray()
        self._size = 0
        self._parts = 0

    async def write(self, content: bytes) -> None:
        """Go on with this; whole parts are stored."""
        self._digest.update(content)
        self._size += len(content)
        self._pending += content
        while len(self._pending) >= self._part_bytes:
            await self._store(self._part_bytes)

    async def end(self) -> None:
        """Store what is left."""
        if self._pending:
            await self._store(len(self._pending))

    async def hand_over(self, session: WriteSession, file_name: str, media_type: str) -> Link:
        """Make the file fetchable, in the transaction that says that it was made."""
        link = Link(self._code, utc_now() + LINK_LIVES, self._size, self._digest.hexdigest())
        download = Download(
            id=self._id,
            client_id=self._client_id,
            visitor_id=self._visitor_id,
            code_hash=fingerprint(link.code),
            file_name=file_name,
            media_type=media_type,
            size_bytes=link.size_bytes,
            sha256=link.sha256,
            expires_at=link.expires_at,
        )
        await TenantScope.one(self._client_id).of(Download).insert(download, session=session)
        return link

    async def drop(self) -> None:
        """Take back what is stored: the file does not come to be."""
        await _forget(self._client_id, self._id)

    async def _store(self, size: int) -> None:
        part = DownloadPart(
            client_id=self._client_id,
            visitor_id=self._visitor_id,
            download_id=self._id,
            number=self._parts,
            content=bytes(self._pending[:size]),
            expires_at=self._began_at + MAKING_MAY_TAKE + LINK_LIVES,
        )
        await TenantScope.one(self._client_id).of(DownloadPart).insert(part)
        del self._pending[:size]
        self._parts += 1


class Downloads:
    """The files of this installation."""

    def __init__(self, *, part_bytes: int = PART_BYTES) -> None:
        """`part_bytes` are in memory at once, of each file that is made or fetched."""
        self._part_bytes = part_bytes

    def begin(
        self, client_id: str, *, visitor_id: PydanticObjectId | None = None
    ) -> FileInTheMaking:
        """A new file of a client, about a visitor if it is."""
        return FileInTheMaking(client_id, visitor_id, self._part_bytes)

    async def claim(self, code: str) -> Download | None:
        """The file behind a link, for whoever comes first; None: there is none, or not any more."""
        now = utc_now()
        wanted = {"code_hash": fingerprint(code), "used_at": None, "expires_at": {"$gt": now}}
        files = TenantScope.every_client().of(Download)
        return await files.update_one(wanted, {"$set": {"used_at": now}})

    async def is_waiting(self, client_id: str, code: str) -> bool:
        """Whether a file may still be fetched."""
        waiting = {
            "code_hash": fingerprint(code),
            "used_at": None,
            "expires_at": {"$gt": utc_now()},
        }
        return await TenantScope.one(client_id).of(Download).count(waiting, limit=1) > 0

    async def content(self, download: Download) -> AsyncGenerator[bytes, None]:
        """The file, piece by piece. It is deleted at the end, however it comes.

        Raises:
            FileGoneError: it was deleted meanwhile.
        """
        parts = TenantScope.one(download.client_id).of(DownloadPart)
        number, left = 0, download.size_bytes
        try:
            while left > 0:
                part = await parts.find_one({"download_id": download.id, "number": number})
                if part is None:
                    raise FileGoneError
                number, left = number + 1, left - len(part.content)
                yield part.content
        finally:
            await _forget(download.client_id, download.id)


async def _forget(client_id: str, download_id: PydanticObjectId) -> None:
    await TenantScope.one(client_id).of(DownloadPart).delete_many({"download_id": download_id})
