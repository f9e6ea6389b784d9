"""LLM configs: the platform's, which all may use, and the clients' own.

Only platform admins may name an environment variable or an address: a tenant who could do either
would send the operator's keys to its own host.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from documents.clients import Client
from documents.duplicates import DuplicateError, duplicates_reported
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig, visible_to
from documents.tenancy import TenantScope
from services.field_checks import FieldChecks
from services.refusals import NameTakenError, UnknownTargetError
from services.sealing.sealing import Sealer

KEY_ENV_PREFIX = "PARLANCE_LLM_KEY_"
_KEY_ENV = re.compile(KEY_ENV_PREFIX + "[A-Z0-9_]{1,80}")
_LANGCHAIN_PROVIDER = re.compile("[a-z0-9_]{1,50}")
MAX_KEY = 4096
"""Characters of a provider's key."""

MAX_COST = Decimal(1000)
MAX_COST_PLACES = 9
"""Decimal places of a price per 1000 tokens: a millionth of a micro-unit per token."""

_NUMBERS: dict[str, tuple[str, float, float]] = {
    "max_tokens": ("maxTokens", 1, 200_000),
    "temperature": ("temperature", 0, 2),
    "connect_timeout_ms": ("connectTimeoutMs", 100, 60_000),
    "first_token_timeout_ms": ("firstTokenTimeoutMs", 500, 300_000),
    "between_tokens_timeout_ms": ("betweenTokensTimeoutMs", 500, 300_000),
    "total_timeout_ms": ("totalTimeoutMs", 1_000, 1_800_000),
    "max_concurrency": ("maxConcurrency", 1, 10_000),
}
_COSTS = {
    "input_cost_per_1k_tokens": "inputCostPer1kTokens",
    "output_cost_per_1k_tokens": "outputCostPer1kTokens",
}


class LlmConfigs:
    """Makes and finds LLM configs."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def create(
        self,
        scope: TenantScope,
        client_id: str | None,
        wanted: Mapping[str, Any],
        api_key: str | None,
        *,
        by_platform_admin: bool,
    ) -> LlmConfig:
        """Store a new config; `wanted` holds values by the field names of `LlmConfig`.

        Raises:
            UnknownTargetError: there is no such client in the scope.
            InvalidFieldsError: with everything that is wrong.
            NameTakenError: the owner has a config of this name already.
        """
        if client_id is not None:
            await _check_client(scope, client_id)
        checks = FieldChecks("input")
        cleaned = checked_fields(wanted, checks, by_platform_admin=by_platform_admin)
        if api_key is not None:
            check_key(api_key, checks)
        checks.done()
        config = LlmConfig(client_id=client_id, **cleaned)
        if api_key:
            config.sealed_api_key = self._sealer.seal(api_key, owner=sealing_owner(config))
        try:
            with duplicates_reported():
                await config.insert()
        except DuplicateError as error:
            raise NameTakenError(
                ("input", "name"), f"There is already a language model {config.name!r}."
            ) from error
        return config

    async def get(self, scope: TenantScope, config_id: PydanticObjectId) -> LlmConfig | None:
        """The config, when the scope may use it: its own or the platform's."""
        return await LlmConfig.find_one({"_id": config_id, **visible_to(scope)})

    async def among(
        self, scope: TenantScope, config_ids: Sequence[PydanticObjectId]
    ) -> list[LlmConfig]:
        """Those of these configs that the scope may use, in no order."""
        condition = {"_id": {"$in": list(config_ids)}, **visible_to(scope)}
        return await LlmConfig.find(condition).to_list(len(config_ids))

    async def newest(
        self, scope: TenantScope, *, before: PydanticObjectId | None = None, limit: int
    ) -> list[LlmConfig]:
        """The configs that the scope may use, newest first.

        Args:
            scope: Whose configs, beside the platform's.
            before: Only those older than this one, for the next page.
            limit: How many at most.
        """
        older = {} if before is None else {"_id": {"$lt": before}}
        found = LlmConfig.find({**older, **visible_to(scope)})
        return await found.sort("-_id").to_list(limit)

    async def count(self, scope: TenantScope, *, limit: int) -> int:
        """How many configs the scope may use, counted no further than `limit`."""
        configs = LlmConfig.get_pymongo_collection()
        return await configs.count_documents(visible_to(scope), limit=limit)


def sealing_owner(config: LlmConfig) -> str:
    """What a config's key is bound to."""
    return f"llm_config/{config.client_id or ''}/{config.id}"


def checked_fields(
    wanted: Mapping[str, Any],
    checks: FieldChecks,
    *,
    by_platform_admin: bool,
    stored_address: str | None = None,
) -> dict[str, Any]:
    """The given values as they are stored; problems are noted in `checks`."""
    given = {field: value for field, value in wanted.items() if value is not None}
    provider = wanted["provider"]
    given["name"] = checks.text("name", wanted["name"], longest=100)
    shortest = 0 if provider == "local" else 1
    given["model"] = checks.text("model", wanted["model"], longest=200, shortest=shortest)
    for field, (name, least, most) in _NUMBERS.items():
        if field in given:
            checks.number(name, float(given[field]), least=least, most=most)
    for field, name in _COSTS.items():
        if field in given:
            given[field] = _cost(name, given[field], checks)
    if provider == "langchain" or "langchain_provider" in given:
        _check_langchain_provider(given, checks)
    if wanted["provider"] == "openai_compatible" and not (wanted.get("api_url") or stored_address):
        checks.wrong("apiUrl", "is needed for the provider OPENAI_COMPATIBLE")
    _check_address(wanted, checks, by_platform_admin=by_platform_admin)
    return given


def _check_langchain_provider(given: Mapping[str, Any], checks: FieldChecks) -> None:
    named = given.get("langchain_provider", "")
    if given["provider"] != "langchain":
        checks.wrong("langchainProvider", "belongs to the provider LANGCHAIN only")
    elif not _LANGCHAIN_PROVIDER.fullmatch(named):
        checks.wrong("langchainProvider", "is needed for the provider LANGCHAIN, such as mistralai")


def _cost(name: str, value: Decimal, checks: FieldChecks) -> Decimal:
    """The price, written out: the database keeps 34 digits and refuses a longer number."""
    digits = value.as_tuple()
    if not 0 <= value <= MAX_COST or digits.exponent < -MAX_COST_PLACES:  # type: ignore[operator]
        checks.wrong(
            name, f"must be between 0 and {MAX_COST}, with at most {MAX_COST_PLACES} decimal places"
        )
        return value
    return Decimal(f"{value:f}")


def check_key(api_key: str, checks: FieldChecks) -> None:
    """Note what is wrong with a provider's key."""
    if not 0 < len(api_key) <= MAX_KEY or not api_key.isprintable():
        checks.wrong("apiKey", f"needs between 1 and {MAX_KEY} printable characters")


def _check_address(
    wanted: Mapping[str, Any], checks: FieldChecks, *, by_platform_admin: bool
) -> None:
    address, key_env = wanted.get("api_url"), wanted.get("api_key_env")
    if not by_platform_admin and (address or key_env):
        field = "apiUrl" if address else "apiKeyEnv"
        checks.wrong(field, "may be set by platform admins only; give an apiKey instead")
        return
    if address:
        checks.web_address("apiUrl", address)
    if key_env and not _KEY_ENV.fullmatch(key_env):
        checks.wrong("apiKeyEnv", f"must begin with {KEY_ENV_PREFIX}, then A-Z, 0-9 and _")


async def _check_client(scope: TenantScope, client_id: str) -> None:
    if await scope.of(Client).find_one({"client_id": client_id}) is None:
        raise UnknownTargetError("input", "clientId")
