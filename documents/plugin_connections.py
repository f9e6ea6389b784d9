"""Connection codes of plugins: whoever has one may connect one site to one chatbot, once.

Only a fingerprint is stored, and the document goes when its code is used.
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class PluginConnection(TenantDocument):
    """A code that was not used yet. `site_url`: the only site that may use it; None: any."""

    chatbot_id: PydanticObjectId
    code_hash: str
    site_url: str | None = None
    created_by: PydanticObjectId | None = None
    expires_at: datetime

    class Settings:
        name = "plugin_connections"
        indexes: ClassVar = [
            IndexModel([("code_hash", ASCENDING)], unique=True, name="code_hash"),
            IndexModel([("client_id", ASCENDING), ("chatbot_id", ASCENDING)], name="chatbot"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]
