"""What callers give to make, change and delete LLM configs."""

from decimal import Decimal
from typing import Any

import strawberry

from documents.llm_configs import LlmConfig
from graphql_schema.llm_configs.types import LlmProvider


@strawberry.input(description="A new LLM config. A number left out gets its default.")
class CreateLlmConfigInput:
    """A config to be."""

    client_id: strawberry.ID | None = strawberry.field(
        description="Whose it will be; null: the platform's, for all. Platform admins only.",
        default=None,
    )
    name: str = strawberry.field(
        description="1 to 100 characters, unique among its owner's configs."
    )
    provider: LlmProvider = strawberry.field(description="How the model is reached.")
    langchain_provider: str | None = strawberry.field(
        description="For LANGCHAIN: LangChain's name of the provider, whose package is installed.",
        default=None,
    )
    model: str = strawberry.field(description="The provider's name of the model.")
    api_url: str | None = strawberry.field(
        description="Where, if not at the provider's own: http(s), without user, ? and #. A"
        " client's own configuration reaches public https addresses. Platform admins only.",
        default=None,
    )
    api_key_env: str | None = strawberry.field(
        description="The server's variable that holds the key; it begins with PARLANCE_LLM_KEY_ and"
        " is set where the server runs. For the platform's own; platform admins only.",
        default=None,
    )
    api_key: str | None = strawberry.field(
        description="The provider's key, which OPENAI and ANTHROPIC need at their own addresses. It"
        " is stored sealed and never shown again.",
        default=None,
    )
    max_tokens: int | None = strawberry.field(
        description="Upper bound of an answer: 1 to 200000, default 1024.", default=None
    )
    temperature: float | None = strawberry.field(description="0 to 2, default 0.3.", default=None)
    connect_timeout_ms: int | None = strawberry.field(
        description="100 to 60000, default 5000.", default=None
    )
    first_token_timeout_ms: int | None = strawberry.field(
        description="500 to 300000, default 20000.", default=None
    )
    between_tokens_timeout_ms: int | None = strawberry.field(
        description="500 to 300000, default 20000.", default=None
    )
    total_timeout_ms: int | None = strawberry.field(
        description="1000 to 1800000, default 120000; no other timeout may be longer.", default=None
    )
    max_concurrency: int | None = strawberry.field(
        description="Answers at the same time: 1 to 10000, default 50.", default=None
    )
    is_fallback: bool | None = strawberry.field(
        description="Whether it is meant for when others fail.", default=None
    )
    input_cost_per_1k_tokens: Decimal | None = strawberry.field(
        description="Price of 1000 tokens: 0 to 1000 with at most 9 decimal places, default 0.",
        default=None,
    )
    output_cost_per_1k_tokens: Decimal | None = strawberry.field(
        description="Price of 1000 tokens: 0 to 1000 with at most 9 decimal places, default 0.",
        default=None,
    )


def fields_of(given: CreateLlmConfigInput) -> dict[str, Any]:
    """The values by the stored names, without the owner and the key."""
    values = dict(vars(given))
    del values["client_id"], values["api_key"]
    values["provider"] = given.provider.value
    return values


@strawberry.input(
    description="A change of an LLM config. A field left out stays as it is, null clears it."
)
class UpdateLlmConfigInput:
    """A change of a config."""

    id: strawberry.ID = strawberry.field(description="Which config.")
    revision: int | None = strawberry.field(
        description="The revision that the caller has read; left out: the last write wins.",
        default=None,
    )
    name: str | None = strawberry.field(
        description="1 to 100 characters, unique among its owner's configs.",
        default=strawberry.UNSET,
    )
    model: str | None = strawberry.field(
        description="The provider's name of the model.", default=strawberry.UNSET
    )
    api_url: str | None = strawberry.field(
        description="Where, if not at the provider's own. Platform admins only.",
        default=strawberry.UNSET,
    )
    api_key_env: str | None = strawberry.field(
        description="The server's variable that holds the key. Platform admins only.",
        default=strawberry.UNSET,
    )
    api_key: str | None = strawberry.field(
        description="The provider's key. It is stored sealed and never shown again.",
        default=strawberry.UNSET,
    )
    max_tokens: int | None = strawberry.field(
        description="1 to 200000; null: 1024.", default=strawberry.UNSET
    )
    temperature: float | None = strawberry.field(
        description="0 to 2; null: 0.3.", default=strawberry.UNSET
    )
    connect_timeout_ms: int | None = strawberry.field(
        description="100 to 60000; null: 5000.", default=strawberry.UNSET
    )
    first_token_timeout_ms: int | None = strawberry.field(
        description="500 to 300000; null: 20000.", default=strawberry.UNSET
    )
    between_tokens_timeout_ms: int | None = strawberry.field(
        description="500 to 300000; null: 20000.", default=strawberry.UNSET
    )
    total_timeout_ms: int | None = strawberry.field(
        description="1000 to 1800000; null: 120000.", default=strawberry.UNSET
    )
    max_concurrency: int | None = strawberry.field(
        description="1 to 10000; null: 50.", default=strawberry.UNSET
    )
    is_fallback: bool | None = strawberry.field(
        description="Whether it is meant for when others fail.", default=strawberry.UNSET
    )
    input_cost_per_1k_tokens: Decimal | None = strawberry.field(
        description="Price of 1000 tokens; null: 0.", default=strawberry.UNSET
    )
    output_cost_per_1k_tokens: Decimal | None = strawberry.field(
        description="Price of 1000 tokens; null: 0.", default=strawberry.UNSET
    )
    active: bool | None = strawberry.field(
        description="Whether it may be used.", default=strawberry.UNSET
    )


_CLEARABLE = frozenset({"api_url", "api_key_env", "api_key"})
_REQUIRED = frozenset({"name", "model"})


def change_from(given: UpdateLlmConfigInput) -> dict[str, Any]:
    """The change by the stored names. Null clears, or brings the default back."""
    change: dict[str, Any] = {}
    for field, value in vars(given).items():
        if field in {"id", "revision"} or value is strawberry.UNSET:
            continue
        if value is not None or field in _CLEARABLE:
            change[field] = value
        elif field not in _REQUIRED:
            change[field] = LlmConfig.model_fields[field].get_default()
    return change


@strawberry.input(description="Which LLM config to delete.")
class DeleteLlmConfigInput:
    """A config to delete."""

    id: strawberry.ID = strawberry.field(description="Which config.")


@strawberry.input(description="Which LLM config to ask once.")
class TestLlmConfigInput:
    """A test call."""

    __test__ = False  # no test of pytest's, whatever its name

    id: strawberry.ID = strawberry.field(description="Which config.")
    prompt: str | None = strawberry.field(
        description="What to ask, 1 to 2000 characters; null: a greeting.", default=None
    )
