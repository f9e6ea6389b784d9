"""Which process does a piece of background work: one document a piece, its name as the id."""

from documents.base import StoredDocument
from documents.leases import LEASE_S, NamedLease


class WorkLease(StoredDocument):
    """A lease; its id is a text, so it is only touched in place."""

    class Settings:
        name = "work_leases"


def work_lease(name: str, *, duration_s: float = LEASE_S) -> NamedLease:
    """This process's claim on a piece of background work."""
    return NamedLease(WorkLease.get_pymongo_collection(), name, duration_s=duration_s)


async def free_work_leases() -> None:
    """Let anybody take any work at once: for the only process on its database, at its start."""
    await WorkLease.get_pymongo_collection().delete_many({})
