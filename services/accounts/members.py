"""Who works for clients."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.users import User

MAX_MEMBERS = 1_000
"""Of one client, and in one list of them."""


async def members_of(client_ids: Sequence[str]) -> Mapping[str, list[User]]:
    """The people who work for each client, in the order of their addresses, at most 1000."""
    working = User.find({"memberships.client_id": {"$in": list(client_ids)}}).sort("email")
    members: defaultdict[str, list[User]] = defaultdict(list)
    async for user in working:
        for membership in user.memberships:
            if len(members[membership.client_id]) < MAX_MEMBERS:
                members[membership.client_id].append(user)
    return members


async def newest_users(
    scope: TenantScope, *, before: PydanticObjectId | None, limit: int
) -> list[User]:
    """The people who work for the scope's clients (everybody for every client), newest first."""
    older = {} if before is None else {"_id": {"$lt": before}}
    return await User.find({**_working_for(scope), **older}).sort("-_id").to_list(limit)


async def count_users(scope: TenantScope, *, limit: int) -> int:
    """How many work for the scope's clients, counted no further than `limit`."""
    return await User.get_pymongo_collection().count_documents(_working_for(scope), limit=limit)


def _working_for(scope: TenantScope) -> dict[str, Any]:
    if scope.client_ids is None:
        return {}
    return {"memberships.client_id": {"$in": sorted(scope.client_ids)}}
