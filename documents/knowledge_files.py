"""Files that were uploaded as knowledge, in parts: kept a day, and as long as a source uses them.

They stand in the database, so that any server can read them and none needs a disk, and so that
whatever erases a client's documents erases them too.
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument

PART_BYTES = 4_000_000
"""Of one part, far below the 16 MB that a document may have."""


class KnowledgeFile(TenantDocument):
    """A file; `expires_at` is None as soon as `source_id` is the source that reads it."""

    name: str
    declared_type: str | None = None
    size_bytes: int
    sha256: str
    uploaded_by: PydanticObjectId | None = None
    source_id: PydanticObjectId | None = None
    expires_at: datetime | None = None

    class Settings:
        name = "knowledge_files"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING)], name="client"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]


class KnowledgeFilePart(TenantDocument):
    """A piece of a file; `number` counts from 0."""

    file_id: PydanticObjectId
    number: int
    content: bytes
    expires_at: datetime | None = None

    class Settings:
        name = "knowledge_file_parts"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("file_id", ASCENDING), ("number", ASCENDING)],
                unique=True,
                name="file",
            ),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]
