"""The first few documents of each of many groups, in one query.

`find` with a limit would let one large group take the places of all others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from beanie import Document
from beanie.odm.utils.parsing import parse_obj

Grouped = TypeVar("Grouped", bound=Document)


async def first_of_each(
    document_class: type[Grouped],
    condition: Mapping[str, Any],
    *,
    by: str,
    sort: Sequence[tuple[str, int]],
    limit: int,
) -> Mapping[Any, list[Grouped]]:
    """At most `limit` documents of each group, in order; an empty list for a group without any.

    Args:
        document_class: The documents' class.
        condition: Which documents; it carries client_id where documents have one.
        by: The field that makes the groups.
        sort: The order within each group.
        limit: How many of each group.
    """
    first = {"$firstN": {"input": "$$ROOT", "n": limit}}
    pipeline = [
        {"$match": dict(condition)},
        {"$sort": dict(sort)},
        {"$group": {"_id": f"${by}", "first": first}},
    ]
    found: defaultdict[Any, list[Grouped]] = defaultdict(list)
    async for group in await document_class.get_pymongo_collection().aggregate(pipeline):
        found[group["_id"]] = [parse_obj(document_class, one) for one in group["first"]]  # type: ignore[misc]
    return found
