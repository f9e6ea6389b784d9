"""Uploaded files that sources read: taken, used by one source, let go with it."""

import hashlib
from datetime import timedelta

from documents.base import utc_now
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.knowledge_files import PART_BYTES, KnowledgeFile, KnowledgeFilePart
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record_about
from services.knowledge.extraction.limits import LARGEST_FILE_BYTES
from services.refusals import FieldIssue, InvalidFieldsError, LimitReachedError, UnknownTargetError

KEPT_UNUSED = timedelta(hours=24)
LONGEST_NAME_CHARACTERS = 200
MEGABYTE = 1_000_000


class UnacceptableFileError(ValueError):
    """A file cannot be knowledge; the text says why and what to do."""


class TooMuchStoredError(LimitReachedError):
    """A client's files would take more room than they may."""

    def __init__(self, most_bytes: int) -> None:
        message = (
            f"The files of a client may have {most_bytes // MEGABYTE} MB together; delete a source"
            " first. Files that no source uses are deleted after a day."
        )
        super().__init__(most_bytes, message)


class KnowledgeFiles:
    """Files of clients."""

    def __init__(self, transactions: Transactions, *, most_bytes_per_client: int) -> None:
        self._transactions = transactions
        self._most_bytes = most_bytes_per_client

    async def take(
        self,
        client_id: str,
        content: bytes,
        *,
        name: str,
        declared_type: str | None,
        by: PydanticObjectId | None,
    ) -> KnowledgeFile:
        """Keep a file for a day, unless a source uses it.

        Raises:
            UnacceptableFileError: it is empty or too large.
            TooMuchStoredError: the client's files take all the room they may.
            UnknownTargetError: the client is gone.
        """
        _check_size(content)
        file = KnowledgeFile(
            client_id=client_id,
            name=name[-LONGEST_NAME_CHARACTERS:] or "file",
            declared_type=declared_type[:LONGEST_NAME_CHARACTERS] if declared_type else None,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            uploaded_by=by,
            expires_at=utc_now() + KEPT_UNUSED,
        )
        await self._transactions.run_transaction(
            lambda session: self._stored(file, content, session)
        )
        return file

    async def content(self, client_id: str, file_id: PydanticObjectId) -> bytes:
        """The bytes of a file; none when it is gone."""
        parts = TenantScope.one(client_id).of(KnowledgeFilePart)
        found = await parts.find({"file_id": file_id}, limit=100, sort=[("number", 1)])
        return b"".join(one.content for one in found)

    async def get(self, client_id: str, file_id: PydanticObjectId) -> KnowledgeFile | None:
        """What is known of a file."""
        return await TenantScope.one(client_id).of(KnowledgeFile).get(file_id)

    async def _stored(self, file: KnowledgeFile, content: bytes, session: WriteSession) -> None:
        """The write to the client makes two such transactions conflict, so the limit holds."""
        own = TenantScope.one(file.client_id)
        client = await own.of(Client).update_one(
            {"client_id": file.client_id},
            {"$set": {"uploads_changed_at": utc_now()}},
            session=session,
        )
        if client is None:
            raise UnknownTargetError("clientId")
        if await _stored_bytes(own, session) + file.size_bytes > self._most_bytes:
            raise TooMuchStoredError(self._most_bytes)
        await own.of(KnowledgeFile).insert(file, session)
        for number, start in enumerate(range(0, len(content), PART_BYTES)):
            part = KnowledgeFilePart(
                client_id=file.client_id,
                file_id=file.id,
                number=number,
                content=content[start : start + PART_BYTES],
                expires_at=file.expires_at,
            )
            await own.of(KnowledgeFilePart).insert(part, session)
        noted = {"name": file.name, "sizeBytes": file.size_bytes}
        await record_about(session, KnowledgeFile, file.id, client_id=file.client_id, noted=noted)


async def use_file(
    client_id: str, file_id: PydanticObjectId, source_id: PydanticObjectId, session: WriteSession
) -> None:
    """Let a source read a file, which stays from now on.

    Raises:
        UnknownTargetError: the client has no such file, or not any more.
        InvalidFieldsError: another source uses it.
    """
    own = TenantScope.one(client_id)
    file = await own.of(KnowledgeFile).get(file_id, session)
    if file is None:
        raise UnknownTargetError("input", "uploadId")
    if file.source_id not in {None, source_id}:
        message = "is used by another source already; upload the file once more"
        raise InvalidFieldsError([FieldIssue(("input", "uploadId"), message)])
    kept = {"$set": {"expires_at": None}}
    await own.of(KnowledgeFilePart).update_many({"file_id": file_id}, kept, session=session)
    await own.of(KnowledgeFile).update_one(
        {"_id": file_id}, {"$set": {"source_id": source_id, "expires_at": None}}, session=session
    )


async def delete_files_of(
    client_id: str,
    source_id: PydanticObjectId,
    session: WriteSession,
    *,
    but: PydanticObjectId | None = None,
) -> int:
    """Delete the files of a source, but one; how many documents are gone."""
    own = TenantScope.one(client_id)
    old = {"source_id": source_id, "_id": {"$ne": but}}
    files = await own.of(KnowledgeFile).find(old, limit=100, session=session)
    ids = [one.id for one in files]
    if not ids:
        return 0
    parts = await own.of(KnowledgeFilePart).delete_many({"file_id": {"$in": ids}}, session)
    return parts + await own.of(KnowledgeFile).delete_many({"_id": {"$in": ids}}, session)


def _check_size(content: bytes) -> None:
    if not content:
        raise UnacceptableFileError("The file is empty.")
    if len(content) > LARGEST_FILE_BYTES:
        most = LARGEST_FILE_BYTES // (1024 * 1024)
        raise UnacceptableFileError(f"A file may have at most {most} MB; split it into parts.")


async def _stored_bytes(own: TenantScope, session: WriteSession) -> int:
    files = own.of(KnowledgeFile)
    pipeline = [
        {"$match": files.condition()},
        {"$group": {"_id": None, "bytes": {"$sum": "$size_bytes"}}},
    ]
    found = await (await files.raw.aggregate(pipeline, session=session)).to_list()
    return int(found[0]["bytes"]) if found else 0
