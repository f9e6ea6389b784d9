"""People who sign in: platform admins and the members of clients."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from documents.base import StoredDocument

RoleName = Literal["owner", "editor", "agent", "viewer"]


class Membership(BaseModel):
    """What a user may do for one client."""

    client_id: str
    role: RoleName


class User(StoredDocument):
    """A person. `email` is stored in lower case and identifies the person at sign-in."""

    email: str
    full_name: str
    hashed_password: str | None = None
    is_admin: bool = False
    active: bool = True
    memberships: list[Membership] = []
    last_sign_in_at: datetime | None = None
    revision: int = 1

    class Settings:
        name = "users"
        indexes: ClassVar = [
            IndexModel([("email", ASCENDING)], unique=True, name="email"),
            IndexModel([("memberships.client_id", ASCENDING)], name="memberships"),
            IndexModel(
                [("is_admin", ASCENDING)],
                name="admins",
                partialFilterExpression={"is_admin": True},
            ),
        ]
