"""Receipts of what was deleted."""

from collections.abc import Mapping

import strawberry


@strawberry.type(description="How much of one kind was deleted.")
class ErasedCount:
    """A line of a receipt."""

    collection: str = strawberry.field(description="What kind, by the name of its collection.")
    documents: int = strawberry.field(description="How many.")


def erased_counts(erased: Mapping[str, int]) -> list[ErasedCount]:
    """The receipt, in the order of the names."""
    return [ErasedCount(collection=name, documents=count) for name, count in sorted(erased.items())]
