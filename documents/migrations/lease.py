"""The right to migrate, held by one process at a time and lost when that process falls silent."""

from typing import Any, ClassVar

from pymongo.asynchronous.collection import AsyncCollection

from documents.errors import MigrationLeaseLostError
from documents.leases import LEASE_S, NamedLease

_LEASE_ID = "lease"


class MigrationLease(NamedLease):
    """This process's claim. `duration_s` is in seconds."""

    lost_error: ClassVar[type[Exception]] = MigrationLeaseLostError

    def __init__(
        self, collection: AsyncCollection[dict[str, Any]], *, duration_s: float = LEASE_S
    ) -> None:
        super().__init__(collection, _LEASE_ID, duration_s=duration_s)
