"""What all loaders have in common: many look-ups of one operation become one query.

A loader belongs to one operation (of a stream: to one event), since it remembers what it has
found. Whose data may be found is part of each key, so that putting look-ups together never widens
one of them: an id of another client is not found, whoever else has asked for it.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from strawberry.dataloader import DataLoader

from documents.base import TenantDocument
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope

MOST_AT_ONCE = 1_000
"""Keys of one query."""

Target = TypeVar("Target", bound=TenantDocument)


class OwnedId(NamedTuple):
    """The id of a document, and the client whose it must be."""

    client_id: str
    id: PydanticObjectId


class ByIdLoader(DataLoader[OwnedId, Target | None], Generic[Target]):
    """Finds documents of one class by their ids; None for an unknown or foreign one."""

    document_class: type[Target]

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, keys: list[OwnedId]) -> Sequence[Target | None]:
        scope = TenantScope.many([key.client_id for key in keys])
        ids = list({key.id for key in keys})
        found = await scope.of(self.document_class).find({"_id": {"$in": ids}}, limit=len(ids))
        by_key = {OwnedId(one.client_id, one.id): one for one in found}
        return [by_key.get(key) for key in keys]
