"""What an LLM config must be to work at all. One that could never answer is not stored.

Only platform admins may name an environment variable or an address: a tenant who could do either
would send the operator's keys to its own host. Rules look at the config as it would be, and only at
what a change touches: a rule that an older version did not know must not keep anybody from
switching a config off.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlsplit

from services.field_checks import FieldChecks

KEY_ENV_PREFIX = "PARLANCE_LLM_KEY_"
MAX_KEY = 4096
"""Characters of a provider's key."""

MAX_COST = Decimal(1000)
MAX_COST_PLACES = 9
"""Decimal places of a price per 1000 tokens: a millionth of a micro-unit per token."""

_KEY_ENV = re.compile(KEY_ENV_PREFIX + "[A-Z0-9_]{1,80}")
_LANGCHAIN_PROVIDER = re.compile("[a-z0-9_]{1,50}")
_NEED_A_KEY = frozenset({"openai", "anthropic"})
"""At their own addresses. Behind another one, a gateway may add the key by itself."""

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
_STAGES = ("connect_timeout_ms", "first_token_timeout_ms", "between_tokens_timeout_ms")


class ModelReach(Protocol):
    """What this installation can speak to; `services.llm.factory.ModelFactory` is one."""

    def address_problem(self, provider: str, api_url: str | None, *, trusted: bool) -> str | None:
        """Why no model can be reached at an address (None: the provider's own), if so."""
        ...

    async def package_problem(self, langchain_provider: str, model: str) -> str | None:
        """Why LangChain cannot make such a model here, if so."""
        ...


@dataclass(frozen=True, slots=True)
class ConfigDraft:
    """A config as it would be.

    Attributes:
        client_id: whose; None is the platform's.
        values: by the field names of `LlmConfig`.
        has_key: whether a sealed key would be stored.
        touched: what the caller sets, also "api_key".
        by_platform_admin: whether the caller may name addresses and variables.
    """

    client_id: str | None
    values: Mapping[str, Any]
    has_key: bool
    touched: frozenset[str]
    by_platform_admin: bool

    @property
    def speaks(self) -> str:
        """The provider behind the config, also when it is reached by LangChain's name."""
        provider = str(self.values["provider"])
        return str(self.values["langchain_provider"]) if provider == "langchain" else provider

    def touches(self, *fields: str) -> bool:
        """Whether one of these is set, or the config is switched on and so counts as new."""
        if "active" in self.touched and self.values["active"]:
            return True
        return any(field in self.touched for field in fields)


class ConfigRules:
    """Checks drafts on behalf of one installation."""

    def __init__(self, reach: ModelReach, key_names: Collection[str]) -> None:
        """`key_names` are the variables with keys that this server was started with."""
        self._reach = reach
        self._key_names = key_names

    async def check_new(
        self, draft: ConfigDraft, api_key: str | None, checks: FieldChecks
    ) -> dict[str, Any]:
        """`check`, and what can be wrong with a new config only."""
        values = draft.values
        named = values["langchain_provider"]
        if values["provider"] != "langchain":
            if named is not None:
                checks.wrong("langchainProvider", "belongs to the provider LANGCHAIN only")
        elif draft.client_id is not None:
            checks.wrong(
                "provider", "LANGCHAIN is for the platform's own configurations, without clientId"
            )
        elif not _LANGCHAIN_PROVIDER.fullmatch(named or ""):
            needed = "is needed for the provider LANGCHAIN, such as mistralai"
            checks.wrong("langchainProvider", needed)
        elif problem := await self._reach.package_problem(named, values["model"]):
            checks.wrong("langchainProvider", problem)
        return self.check(draft, api_key, checks)

    def check(self, draft: ConfigDraft, api_key: str | None, checks: FieldChecks) -> dict[str, Any]:
        """What is set, as it is stored; problems are noted in `checks`."""
        cleaned = _cleaned(draft, checks)
        _check_timeouts(draft, checks)
        if api_key is not None:
            _check_key(api_key, checks)
        if draft.values["provider"] == "local":
            _check_local(draft, checks)
        elif not draft.by_platform_admin and draft.touched & {"api_url", "api_key_env"}:
            field = "apiUrl" if "api_url" in draft.touched else "apiKeyEnv"
            checks.wrong(field, "may be set by platform admins only; give an apiKey instead")
        else:
            self._check_address(draft, checks)
            self._check_key_source(draft, checks)
        return cleaned

    def _check_address(self, draft: ConfigDraft, checks: FieldChecks) -> None:
        if not draft.touches("provider", "api_url"):
            return
        address, provider = draft.values["api_url"], draft.values["provider"]
        if address and (problem := _form_problem(address)):
            checks.wrong("apiUrl", problem)
            return
        trusted = draft.client_id is None
        problem = self._reach.address_problem(draft.speaks, address, trusted=trusted)
        if problem and address:
            checks.wrong("apiUrl", f"cannot be reached: {problem}")
        elif problem:
            checks.wrong("apiUrl", f"is needed for the provider {provider.upper()}: {problem}")

    def _check_key_source(self, draft: ConfigDraft, checks: FieldChecks) -> None:
        if not draft.touches("provider", "api_key", "api_key_env", "api_url"):
            return
        variable = draft.values["api_key_env"]
        if variable and (problem := self._variable_problem(draft, variable)):
            checks.wrong("apiKeyEnv", problem)
        elif not variable and not draft.has_key and _needs_a_key(draft):
            provider = draft.values["provider"].upper()
            checks.wrong("apiKey", f"is needed for the provider {provider}")

    def _variable_problem(self, draft: ConfigDraft, variable: str) -> str | None:
        if draft.client_id is not None:
            return "is for the platform's own configurations; give an apiKey instead"
        if not _KEY_ENV.fullmatch(variable):
            return f"must begin with {KEY_ENV_PREFIX}, then A-Z, 0-9 and _"
        if draft.has_key:
            return "is one too many: there is an apiKey already; clear one of them with null"
        if variable not in self._key_names:
            return "names no variable of this server; set it and start the server again first"
        return None


def _needs_a_key(draft: ConfigDraft) -> bool:
    return draft.speaks in _NEED_A_KEY and not draft.values["api_url"]


def _cleaned(draft: ConfigDraft, checks: FieldChecks) -> dict[str, Any]:
    given = {field: draft.values[field] for field in draft.touched if field in draft.values}
    if "name" in given:
        given["name"] = checks.line("name", given["name"], longest=100)
    if "model" in given:
        shortest = 0 if draft.values["provider"] == "local" else 1
        given["model"] = checks.text("model", given["model"], longest=200, shortest=shortest)
    for field, (name, least, most) in _NUMBERS.items():
        if field in given:
            checks.number(name, float(given[field]), least=least, most=most)
    for field, name in _COSTS.items():
        if field in given:
            given[field] = _cost(name, given[field], checks)
    return given


def _cost(name: str, value: Decimal, checks: FieldChecks) -> Decimal:
    """The price, written out: the database keeps 34 digits and refuses a longer number."""
    digits = value.as_tuple()
    if not 0 <= value <= MAX_COST or digits.exponent < -MAX_COST_PLACES:  # type: ignore[operator]
        checks.wrong(
            name, f"must be between 0 and {MAX_COST}, with at most {MAX_COST_PLACES} decimal places"
        )
        return value
    return Decimal(f"{value:f}")


def _check_timeouts(draft: ConfigDraft, checks: FieldChecks) -> None:
    """No stage may be allowed more time than the whole: that limit could never be meant."""
    total = draft.values["total_timeout_ms"]
    if not _in_bounds("total_timeout_ms", total):
        return
    for field in _STAGES:
        own = draft.values[field]
        touched = draft.touched & {field, "total_timeout_ms"}
        if touched and _in_bounds(field, own) and own > total:
            name = _NUMBERS[field][0]
            where = name if field in draft.touched else "totalTimeoutMs"
            checks.wrong(where, f"{name} ({own}) may not be longer than totalTimeoutMs ({total})")


def _in_bounds(field: str, value: float) -> bool:
    _, least, most = _NUMBERS[field]
    return least <= value <= most


def _check_key(api_key: str, checks: FieldChecks) -> None:
    if not 0 < len(api_key) <= MAX_KEY or not api_key.isprintable():
        checks.wrong("apiKey", f"needs between 1 and {MAX_KEY} printable characters")


def _check_local(draft: ConfigDraft, checks: FieldChecks) -> None:
    if draft.has_key and "api_key" in draft.touched:
        checks.wrong("apiKey", "is not for the provider LOCAL, which asks nobody")
    for field, name in (("api_url", "apiUrl"), ("api_key_env", "apiKeyEnv")):
        if draft.values[field] and field in draft.touched:
            checks.wrong(name, "is not for the provider LOCAL, which asks nobody")


def _form_problem(address: str) -> str | None:
    """What is wrong with an address as text. It is never repeated: there may be a secret in it."""
    checks = FieldChecks()
    checks.web_address("apiUrl", address)
    if checks.found:
        return "is not a web address without a user, such as https://models.example.com/v1"
    parts = urlsplit(address)
    if parts.query or parts.fragment or "?" in address or "#" in address:
        return "may have no ? and no #: what is in an address is no secret; give an apiKey instead"
    return None
