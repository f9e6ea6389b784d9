"""Recording who changed what, and reading it."""

from collections.abc import Mapping

from documents.audit_entries import AuditChange, AuditEntry, within
from documents.base import StoredDocument
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.audit.acts import Act, Actor, current_act
from services.audit.differences import differences

ITSELF = Actor("Parlance")
"""Who acts when nobody does."""


async def record(
    session: WriteSession,
    *,
    client_id: str | None,
    before: StoredDocument | None = None,
    after: StoredDocument | None = None,
    noted: Mapping[str, object] | None = None,
) -> None:
    """Record a change in the transaction that makes it: both happen or neither.

    What did not change leaves no entry.

    Args:
        session: The transaction; `before` was read, or the write was made, in the same one.
        client_id: Whose log it belongs to; None: the platform's.
        before: What was changed, as it was; None when it was made.
        after: As it is now; None when it was deleted.
        noted: What documents do not show.
    """
    target = after or before
    if target is None:
        raise ValueError("a change is of something")
    changes = [*differences(before, after), *_notes(noted)]
    if before is not None and after is not None and not changes:
        _told()
        return
    verb = "update" if before and after else "create" if after else "delete"
    await _store(session, client_id, type(target), target.id, verb, changes)


async def record_about(
    session: WriteSession,
    kind: type[StoredDocument],
    target_id: PydanticObjectId | None,
    *,
    client_id: str | None,
    noted: Mapping[str, object] | None = None,
) -> None:
    """Record that something was done with a thing, apart from what it says.

    Args:
        session: The transaction of what was done.
        kind: What kind of thing.
        target_id: Which one; None: it is not known.
        client_id: Whose log it belongs to; None: the platform's.
        noted: What to tell, such as how many sessions of a person were ended.
    """
    await _store(session, client_id, kind, target_id, "touch", _notes(noted))


async def _store(
    session: WriteSession,
    client_id: str | None,
    kind: type[StoredDocument],
    target_id: PydanticObjectId | None,
    verb: str,
    changes: list[AuditChange],
) -> None:
    act = _told()
    actor = act.actor if act else ITSELF
    entry = AuditEntry(
        client_id=client_id,
        actor=actor.name,
        actor_id=actor.user_id,
        action=act.action if act else f"{verb}{kind.__name__}",
        target_type=kind.__name__,
        target_id=target_id,
        changes=changes,
        ip_address=actor.ip_address,
    )
    await entry.insert(session=session)


def _told() -> Act | None:
    act = current_act()
    if act is not None:
        act.told = True
    return act


def _notes(noted: Mapping[str, object] | None) -> list[AuditChange]:
    return [AuditChange(field=field, after=str(value)) for field, value in (noted or {}).items()]


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
