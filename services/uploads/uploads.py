"""Uploads: kept for a day, and for good as soon as a chatbot uses them.

The same picture is stored once for each client, however often it is sent.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.base import utc_now
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.uploads import Upload, UploadKindName
from services.audit.audit_log import record_about
from services.refusals import LimitReachedError, UnknownTargetError
from services.uploads.addresses import absolute, own_path, picture_hash, picture_path
from services.uploads.pictures import Picture, Pictures

MAX_BYTES = 5_000_000
"""Of a picture as it is sent."""

KEPT_UNUSED = timedelta(hours=24)
MAX_UPLOADS = 1_000
"""Pictures of one client, used and unused."""


class TooManyUploadsError(LimitReachedError):
    """A client would have more pictures than it may."""

    def __init__(self) -> None:
        message = (
            f"A client may have {MAX_UPLOADS} pictures; those never used are deleted after a day."
        )
        super().__init__(MAX_UPLOADS, message)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of something that was sent."""

    upload: Upload
    sha256: str
    size_bytes: int

    @property
    def path(self) -> str:
        """Where it is served."""
        return path_of(self.upload)


class Uploads:
    """Takes pictures, and gives them to the chatbots that use them."""

    def __init__(self, transactions: Transactions, pictures: Pictures, public_url: str) -> None:
        self._transactions = transactions
        self._pictures = pictures
        self._public_url = public_url

    async def take(
        self,
        client_id: str,
        kind: UploadKindName,
        content: bytes,
        *,
        by: PydanticObjectId | None,
    ) -> Uploaded:
        """Store a picture, drawn anew.

        Raises:
            PictureError: it is not accepted.
            PicturesBusyError: too many are being taken.
            TooManyUploadsError: the client has as many as it may.
            UnknownTargetError: the client is gone.
        """
        picture = await self.drawn(content)

        async def store(session: WriteSession) -> Upload:
            return await self.store(client_id, kind, picture, session, by=by)

        stored = await self._transactions.run_transaction(store)
        return Uploaded(stored, hashlib.sha256(content).hexdigest(), len(content))

    async def drawn(self, content: bytes) -> Picture:
        """A picture, drawn anew; for `store`.

        Raises:
            PictureError: it is not accepted.
            PicturesBusyError: too many are being taken.
        """
        return await self._pictures.redrawn(content)

    async def store(
        self,
        client_id: str,
        kind: UploadKindName,
        picture: Picture,
        session: WriteSession,
        *,
        by: PydanticObjectId | None,
    ) -> Upload:
        """Keep a picture that was drawn anew, for a day unless it is used.

        Raises:
            TooManyUploadsError: the client has as many as it may.
            UnknownTargetError: the client is gone.
        """
        upload = _upload(client_id, kind, picture, by=by, expires_at=utc_now() + KEPT_UNUSED)
        stored = await _stored(upload, session)
        noted = {"path": path_of(stored), "sizeBytes": len(stored.content)}
        await record_about(session, Upload, stored.id, client_id=client_id, noted=noted)
        return stored

    async def used(
        self, upload_id: PydanticObjectId, client_id: str, session: WriteSession
    ) -> str | None:
        """The path of an upload, which stays from now on; None if there is no such of the client's.

        In the transaction that uses it: what is used cannot expire in the same moment.
        """
        uploads = TenantScope.one(client_id).of(Upload)
        kept = await uploads.update_one(
            {"_id": upload_id}, {"$set": {"expires_at": None}}, session=session
        )
        return path_of(kept) if kept else None

    def address_of(self, stored: str | None) -> str | None:
        """What a setting holds, as an address that `path_in` knows."""
        return absolute(stored, self._public_url)

    def path_in(self, address: str) -> str | None:
        """The path in an address that points to this installation's pictures."""
        return own_path(address, self._public_url)

    async def shared(self, path: str, client_id: str, session: WriteSession) -> bool:
        """Let a client use a picture that is served here; False if there is none at this path.

        A picture is public under its address. The client gets its own copy, which stays when the
        one whose it was is deleted.
        """
        content_hash = picture_hash(path)
        if content_hash is None:
            return False
        own = TenantScope.one(client_id).of(Upload)
        wanted = {"content_hash": content_hash}
        if await own.update_one(wanted, {"$set": {"expires_at": None}}, session=session):
            return True
        anybodys = TenantScope.every_client().of(Upload)
        found = await anybodys.find_one(_in_use(content_hash), session=session)
        if found is None:
            return False
        copy = found.model_copy(
            update={"id": PydanticObjectId(), "client_id": client_id, "expires_at": None}
        )
        await _insert(copy, session)
        return True


async def kept_picture(client_id: str, content_hash: str) -> Upload | None:
    """A client's own picture with this content."""
    return await TenantScope.one(client_id).of(Upload).find_one({"content_hash": content_hash})


async def served(content_hash: str) -> Upload | None:
    """The picture with this content, whosever it is: its address says nothing else.

    Only what a chatbot uses is shown: nobody puts pictures here for pages elsewhere.
    """
    return await TenantScope.every_client().of(Upload).find_one(_in_use(content_hash))


def _in_use(content_hash: str) -> dict[str, object]:
    return {"content_hash": content_hash, "expires_at": None}


def path_of(upload: Upload) -> str:
    """Where a picture is served."""
    return picture_path(upload.content_hash, upload.content_type)


def _upload(
    client_id: str,
    kind: UploadKindName,
    picture: Picture,
    *,
    by: PydanticObjectId | None,
    expires_at: datetime,
) -> Upload:
    return Upload(
        client_id=client_id,
        kind=kind,
        content=picture.content,
        content_type=picture.content_type,
        content_hash=hashlib.sha256(picture.content).hexdigest(),
        width=picture.width,
        height=picture.height,
        uploaded_by=by,
        expires_at=expires_at,
    )


async def _stored(upload: Upload, session: WriteSession) -> Upload:
    """The client's copy of a picture: the one that is there, good for another day, or a new one."""
    uploads = TenantScope.one(upload.client_id).of(Upload)
    same = {"content_hash": upload.content_hash}
    unused = {**same, "expires_at": {"$ne": None}}
    again = {"$set": {"expires_at": upload.expires_at}}
    there = await uploads.update_one(unused, again, session=session)
    there = there or await uploads.find_one(same, session=session)
    if there is not None:
        return there
    await _insert(upload, session)
    return upload


async def _insert(upload: Upload, session: WriteSession) -> None:
    """Store a picture if there is room for it.

    The write to the client makes two such transactions conflict, so the limit holds, and of two
    that store the same picture the second finds it.
    """
    own = TenantScope.one(upload.client_id)
    client = await own.of(Client).update_one(
        {"client_id": upload.client_id},
        {"$set": {"uploads_changed_at": utc_now()}},
        session=session,
    )
    if client is None:
        raise UnknownTargetError("clientId")
    uploads = own.of(Upload)
    condition = uploads.condition()
    count = await uploads.raw.count_documents(condition, session=session, limit=MAX_UPLOADS)
    if count >= MAX_UPLOADS:
        raise TooManyUploadsError
    await uploads.insert(upload, session=session)
