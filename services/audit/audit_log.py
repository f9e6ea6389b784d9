"""Recording who changed what, and reading it."""

from dataclasses import dataclass

import structlog

from documents.audit_entries import AuditEntry, within
from documents.base import StoredDocument
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from services.audit.differences import differences

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, readable when the account is gone."""

    name: str
    user_id: PydanticObjectId | None = None
    ip_address: str | None = None


async def record_change(
    actor: Actor,
    action: str,
    *,
    client_id: str | None,
    before: StoredDocument | None = None,
    after: StoredDocument | None = None,
) -> None:
    """Record a change that has been made.

    The change stands, whatever happens here: an entry that cannot be stored goes to the log as an
    error, whole, so that it can be entered later.

    Args:
        actor: Who made it.
        action: The name of the operation.
        client_id: Whose log it belongs to; None: the platform's.
        before: What was changed, as it was; None when it was made.
        after: As it is now; None when it was deleted.
    """
    target = after or before
    entry = AuditEntry(
        client_id=client_id,
        actor=actor.name,
        actor_id=actor.user_id,
        action=action,
        target_type=type(target).__name__ if target else "Platform",
        target_id=target.id if target else None,
        changes=differences(before, after),
        ip_address=actor.ip_address,
    )
    try:
        await entry.insert()
    except Exception:
        log.exception("audit_entry_not_stored", entry=entry.model_dump(mode="json"))


async def newest_entries(
    scope: TenantScope, *, before: PydanticObjectId | None, limit: int
) -> list[AuditEntry]:
    """The entries of a scope, newest first."""
    older = {} if before is None else {"_id": {"$lt": before}}
    return await AuditEntry.find({**within(scope), **older}).sort("-_id").to_list(limit)


async def count_entries(scope: TenantScope, *, limit: int) -> int:
    """How many entries a scope has, counted no further than `limit`."""
    entries = AuditEntry.get_pymongo_collection()
    return await entries.count_documents(within(scope), limit=limit)
