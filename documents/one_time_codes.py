"""One-time codes in mails: whoever has one may choose the password of an account, once.

Only a fingerprint is stored. A code for nobody is stored too: asking for one must do the same work
whether there is such an account or not.
"""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import StoredDocument

CodePurpose = Literal["password_reset", "invitation"]


class OneTimeCode(StoredDocument):
    """A code that was not used yet. `client_id`: to which client its person was invited."""

    purpose: CodePurpose
    code_hash: str
    user_id: PydanticObjectId | None = None
    client_id: str | None = None
    expires_at: datetime

    class Settings:
        name = "one_time_codes"
        indexes: ClassVar = [
            IndexModel([("code_hash", ASCENDING)], unique=True, name="code_hash"),
            IndexModel([("user_id", ASCENDING)], name="user"),
            IndexModel([("client_id", ASCENDING)], name="client"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]
