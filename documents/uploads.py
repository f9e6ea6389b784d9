"""Uploaded pictures, as they are served: made anew from what was sent.

The content stands in the document itself: a logo is far smaller than the 16 MB that one may have,
and so every process has it, and whatever erases a client's documents erases it too.
"""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument

UploadKindName = Literal["logo"]
ContentTypeName = Literal["image/png", "image/webp"]


class Upload(TenantDocument):
    """A picture of a client. `expires_at` is None as soon as something uses it.

    What was used once stays: a published version never changes, and may be rolled back to.
    """

    kind: UploadKindName
    content: bytes
    content_type: ContentTypeName
    content_hash: str
    width: int
    height: int
    uploaded_by: PydanticObjectId | None = None
    expires_at: datetime | None = None

    class Settings:
        name = "uploads"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("content_hash", ASCENDING)],
                unique=True,
                name="content",
            ),
            IndexModel([("content_hash", ASCENDING)], name="content_hash"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]
