"""Loaders of clients and of what belongs to each of them."""

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from documents.api_keys import ApiKey
from documents.clients import Client
from documents.tenancy import TenantScope
from documents.users import User
from graphql_schema.loading import MOST_AT_ONCE
from services.accounts.api_keys import keys_of
from services.accounts.members import members_of


class ClientBySlugLoader(DataLoader[str, Client | None]):
    """Clients by their slugs; None for one that was deleted meanwhile."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, slugs: list[str]) -> Sequence[Client | None]:
        found = await TenantScope.many(slugs).of(Client).find(limit=len(slugs))
        by_slug = {one.client_id: one for one in found}
        return [by_slug.get(slug) for slug in slugs]


class ApiKeysByClientLoader(DataLoader[str, list[ApiKey]]):
    """The API keys of clients, by the clients' slugs."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, slugs: list[str]) -> Sequence[list[ApiKey]]:
        found = await keys_of(slugs)
        return [found[slug] for slug in slugs]


class MembersByClientLoader(DataLoader[str, list[User]]):
    """The people who work for clients, by the clients' slugs."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, slugs: list[str]) -> Sequence[list[User]]:
        found = await members_of(slugs)
        return [found[slug] for slug in slugs]
