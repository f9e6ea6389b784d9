"""Loaders of language models."""

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from documents.llm_configs import LlmConfig, visible_to
from documents.tenancy import TenantScope
from graphql_schema.loading import MOST_AT_ONCE, OwnedId


class LlmConfigByIdLoader(DataLoader[OwnedId, LlmConfig | None]):
    """Configs by their ids and the client that uses them: its own, and the platform's."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, keys: list[OwnedId]) -> Sequence[LlmConfig | None]:
        scope = TenantScope.many([key.client_id for key in keys])
        ids = list({key.id for key in keys})
        found = await LlmConfig.find({"_id": {"$in": ids}, **visible_to(scope)}).to_list(len(ids))
        by_id = {one.id: one for one in found}
        return [_usable(by_id.get(key.id), key.client_id) for key in keys]


def _usable(config: LlmConfig | None, client_id: str) -> LlmConfig | None:
    if config is None or config.client_id not in {None, client_id}:
        return None
    return config
