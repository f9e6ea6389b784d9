"""Loaders of people and their sign-ins."""

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from documents.ids import PydanticObjectId
from documents.sessions import Session
from documents.users import User
from graphql_schema.loading import MOST_AT_ONCE
from services.accounts.sessions import live_sessions_of


class UserByIdLoader(DataLoader[PydanticObjectId, User | None]):
    """People by their ids. What of them may be shown, the viewer decides (`shown`)."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, ids: list[PydanticObjectId]) -> Sequence[User | None]:
        found = await User.find({"_id": {"$in": ids}}).to_list(len(ids))
        by_id = {one.id: one for one in found}
        return [by_id.get(one) for one in ids]


class SessionsByUserIdLoader(DataLoader[PydanticObjectId, list[Session]]):
    """The sign-ins of people that have not ended, by the people's ids."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, user_ids: list[PydanticObjectId]) -> Sequence[list[Session]]:
        found = await live_sessions_of(user_ids)
        return [found[user_id] for user_id in user_ids]
