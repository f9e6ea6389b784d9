"""The audit log: who changed what, from what, to what. Entries are never changed.

`client_id` None marks what concerns the platform. So this class is no `TenantDocument`: reads go
through `within`, which spells out both kinds.
"""

from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import StoredDocument
from documents.tenancy import TenantScope


class AuditChange(BaseModel):
    """One field, as text. Both are None for a secret: that it changed is all that is kept."""

    field: str
    before: str | None = None
    after: str | None = None


class AuditEntry(StoredDocument):
    """One change. `actor` stays readable when the account is gone."""

    client_id: str | None = None
    actor: str
    actor_id: PydanticObjectId | None = None
    action: str
    target_type: str
    target_id: PydanticObjectId | None = None
    changes: list[AuditChange] = []
    ip_address: str | None = None

    class Settings:
        name = "audit_log"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
        ]


def within(scope: TenantScope) -> dict[str, Any]:
    """The filter for the entries of a scope's clients; the platform's only with every client's."""
    if scope.client_ids is None:
        return {}
    return {"client_id": {"$in": sorted(scope.client_ids)}}
