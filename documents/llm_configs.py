"""Which language model answers, and how it is reached.

`client_id` None marks a platform config, which every client may use and only platform admins
change. So this class is no `TenantDocument`: reads go through `visible_to`, which spells out both
kinds.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, cast

from beanie import DecimalAnnotation, PydanticObjectId
from beanie.odm.utils.parsing import parse_obj
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import StoredDocument, utc_now
from documents.tenancy import TenantScope

MOST_PROVIDERS = 20
"""So many that one server has ready; the others take longer for their first answer."""

MOST_NAMED = 100
"""Configs of which the names are told to a hook."""

ProviderName = Literal["local", "openai", "anthropic", "ollama", "openai_compatible", "langchain"]


class Circuit(BaseModel):
    """A model that failed again and again and is left alone for a while.

    Attributes:
        opened_at: since when.
        open_until: when one question may try whether it works again.
        times: how often in a row that was found not to be so.
        problem: what went wrong last, in a sentence for people.
    """

    opened_at: datetime
    open_until: datetime
    times: int = 1
    problem: str


class LlmConfig(StoredDocument):
    """A language model with its address, its sealed key, its limits and its price.

    `chosen_at` is when a chatbot last took it into use. `circuit` is set while the model is left
    alone. Neither is a setting: they are no part of `revision`.
    """

    client_id: str | None = None
    name: str
    provider: ProviderName
    langchain_provider: str | None = None
    model: str
    api_url: str | None = None
    api_key_env: str | None = None
    sealed_api_key: str | None = None
    max_tokens: int = 1024
    temperature: float = 0.3
    connect_timeout_ms: int = 5_000
    first_token_timeout_ms: int = 20_000
    between_tokens_timeout_ms: int = 20_000
    total_timeout_ms: int = 120_000
    max_concurrency: int = 50
    is_fallback: bool = False
    input_cost_per_1k_tokens: DecimalAnnotation = Decimal(0)
    output_cost_per_1k_tokens: DecimalAnnotation = Decimal(0)
    active: bool = True
    chosen_at: datetime | None = None
    circuit: Circuit | None = None
    revision: int = 1

    class Settings:
        name = "llm_configs"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("name", ASCENDING)], unique=True, name="name"),
            IndexModel(
                [("circuit.opened_at", ASCENDING)],
                partialFilterExpression={"circuit": {"$type": "object"}},
                name="left_alone",
            ),
        ]


def owned_by(scope: TenantScope) -> dict[str, Any]:
    """The filter for the configs a scope owns; platform configs only with every client's."""
    if scope.client_ids is None:
        return {}
    return {"client_id": {"$in": sorted(scope.client_ids)}}


def visible_to(scope: TenantScope) -> dict[str, Any]:
    """The filter for the configs a scope may use: its own and the platform's."""
    if scope.client_ids is None:
        return {}
    return {"client_id": {"$in": [*sorted(scope.client_ids), None]}}


async def usable_llm_config(config_id: PydanticObjectId, client_id: str) -> LlmConfig | None:
    """The config, when the client may use it: its own or the platform's."""
    return await LlmConfig.find_one({"_id": config_id, **visible_to(TenantScope.one(client_id))})


async def usable_llm_configs(
    config_ids: Collection[PydanticObjectId], client_id: str
) -> dict[PydanticObjectId, LlmConfig]:
    """Those of the configs that the client may use, its own or the platform's, by their ids."""
    wanted = {"_id": {"$in": list(config_ids)}, **visible_to(TenantScope.one(client_id))}
    return {one.id: one for one in await LlmConfig.find(wanted).to_list(len(config_ids))}


async def change_circuit(
    config: LlmConfig,
    seen: Circuit | None,
    circuit: Circuit | None,
    session: AsyncClientSession | None = None,
) -> bool:
    """Put a circuit in the place of the one that was seen; whether it was still that one.

    Of several processes that saw the same, one changes it.
    """
    seen_until = None if seen is None else seen.open_until
    new = None if circuit is None else circuit.model_dump()
    field = "circuit" if seen is None else "circuit.open_until"
    changed = await LlmConfig.get_pymongo_collection().update_one(
        {"_id": config.id, field: seen_until}, {"$set": {"circuit": new}}, session=session
    )
    return changed.modified_count > 0


async def left_alone(scope: TenantScope, *, limit: int) -> list[LlmConfig]:
    """The configs with an open circuit that a scope may use."""
    condition = {"circuit": {"$type": "object"}, **visible_to(scope)}
    return await LlmConfig.find(condition).sort("_id").to_list(limit)


async def providers_in_use() -> list[tuple[str, str | None]]:
    """The providers of all active configs, each with LangChain's name for it if it has one."""
    configs = LlmConfig.get_pymongo_collection()
    kinds = {"provider": "$provider", "langchain_provider": "$langchain_provider"}
    found = await configs.aggregate(
        [
            {"$match": {"active": True, "provider": {"$ne": "local"}}},
            {"$group": {"_id": kinds}},
            {"$sort": {"_id": 1}},
            {"$limit": MOST_PROVIDERS},
        ]
    )
    return [
        (one["_id"]["provider"], one["_id"].get("langchain_provider"))
        for one in await found.to_list()
    ]


async def held_llm_config(
    config_id: PydanticObjectId, client_id: str, session: AsyncClientSession
) -> LlmConfig | None:
    """The same, held until the transaction ends, for whoever puts the config to use.

    The write is the hold: it meets the one of a transaction that deletes the config or switches it
    off, and one of the two begins anew and sees what the other did. Reading alone would let both
    pass, each on its own snapshot.
    """
    configs = LlmConfig.get_pymongo_collection()
    found = await configs.find_one_and_update(
        {"_id": config_id, **visible_to(TenantScope.one(client_id))},
        {"$set": {"chosen_at": utc_now()}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    return None if found is None else cast("LlmConfig", parse_obj(LlmConfig, found))


async def visible_names(client_id: str) -> list[str]:
    """The names of the active configs that a client may use: its own first, then the platform's."""
    found = await _named(client_id, {})
    return list(dict.fromkeys(one.name for one in found))


async def named_llm_config(name: str, client_id: str) -> LlmConfig | None:
    """The active config of this name that a client may use; its own before the platform's."""
    found = await _named(client_id, {"name": name})
    return found[0] if found else None


async def _named(client_id: str, which: dict[str, Any]) -> list[LlmConfig]:
    condition = {"active": True, **which, **visible_to(TenantScope.one(client_id))}
    found = await LlmConfig.find(condition).sort("name", "_id").to_list(MOST_NAMED)
    return sorted(found, key=lambda one: one.client_id is None)
