"""Files that were made for one person, kept in parts until they are fetched or their link ends.

They stand in the database, so that any server can hand them out and none needs a disk. Who they are
about is noted, so that an erasure finds them like everything else.
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class Download(TenantDocument):
    """A whole file, and the fingerprint of the code in its link.

    `visitor_id` is whom it is about; None for what is about no visitor. `used_at` is when somebody
    began to fetch it, which can be done once.
    """

    visitor_id: PydanticObjectId | None = None
    code_hash: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    expires_at: datetime
    used_at: datetime | None = None

    class Settings:
        name = "downloads"
        indexes: ClassVar = [
            IndexModel([("code_hash", ASCENDING)], unique=True, name="code"),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]


class DownloadPart(TenantDocument):
    """A piece of a file; `number` counts from 0. There may be pieces of files that never came."""

    visitor_id: PydanticObjectId | None = None
    download_id: PydanticObjectId
    number: int
    content: bytes
    expires_at: datetime

    class Settings:
        name = "download_parts"
        indexes: ClassVar = [
            IndexModel(
                [("download_id", ASCENDING), ("number", ASCENDING)], unique=True, name="download"
            ),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]
