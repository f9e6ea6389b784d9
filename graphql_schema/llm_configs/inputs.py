"""What callers give to make LLM configs."""

from decimal import Decimal
from typing import Any

import strawberry

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
        description="For LANGCHAIN: LangChain's name of the provider.", default=None
    )
    model: str = strawberry.field(description="The provider's name of the model.")
    api_url: str | None = strawberry.field(
        description="Where, if not at the provider's own. Platform admins only.", default=None
    )
    api_key_env: str | None = strawberry.field(
        description="The server's variable that holds the key; it begins with PARLANCE_LLM_KEY_."
        " Platform admins only.",
        default=None,
    )
    api_key: str | None = strawberry.field(
        description="The provider's key. It is stored sealed and never shown again.", default=None
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
        description="1000 to 1800000, default 120000.", default=None
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
