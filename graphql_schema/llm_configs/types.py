"""LLM configs: which model answers and how it is reached. Keys go in and never come out."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

import strawberry

from documents.llm_configs import LlmConfig as LlmConfigDocument
from graphql_schema.clients.types import Client, client_by_slug
from graphql_schema.context import ParlanceInfo
from graphql_schema.enum_values import described
from graphql_schema.node import Node, global_id


@strawberry.enum(description="How a model is reached. LOCAL needs no key and quotes knowledge.")
class LlmProvider(Enum):
    """Values are the stored names."""

    LOCAL = described(
        "local", "Built in: quotes the best passages of the knowledge; no model and no key."
    )
    OPENAI = described("openai", "OpenAI's API.")
    ANTHROPIC = described("anthropic", "Anthropic's API.")
    OLLAMA = described("ollama", "An Ollama server.")
    OPENAI_COMPATIBLE = described(
        "openai_compatible", "Any server that speaks OpenAI's API, at `apiUrl`."
    )
    LANGCHAIN = described(
        "langchain", "Any other provider that LangChain knows, named by `langchainProvider`."
    )


@strawberry.enum(description="Whether questions go to a model.")
class LlmState(Enum):
    """Values are those of the API."""

    WORKING = described("WORKING", "They do.")
    LEFT_ALONE = described(
        "LEFT_ALONE",
        "It failed again and again, so the fallback models answer. From `retryAt` on one question"
        " tries whether it works again.",
    )


@strawberry.type(description="Whether questions go to a model, and if not, why.")
class LlmHealth:
    """A model's circuit."""

    state: LlmState = strawberry.field(description="Whether they do.")
    since: datetime | None = strawberry.field(description="Since when it is left alone.")
    retry_at: datetime | None = strawberry.field(description="When it is tried again.")
    problem: str | None = strawberry.field(
        description="What went wrong last. Of the platform's models: shown to platform admins."
    )


@strawberry.type(description="A language model with its limits and its price.")
class LlmConfig(Node):
    """An LLM config; the platform's when it has no client."""

    name: str = strawberry.field(description="Unique among its owner's.")
    provider: LlmProvider = strawberry.field(description="How it is reached.")
    langchain_provider: str | None = strawberry.field(description="For LANGCHAIN: which one.")
    model: str = strawberry.field(description="The provider's name of the model.")
    has_api_key: bool = strawberry.field(description="Whether a key is stored.")
    max_tokens: int = strawberry.field(description="Upper bound of an answer.")
    temperature: float = strawberry.field(description="0 to 2.")
    connect_timeout_ms: int = strawberry.field(description="Until the connection stands.")
    first_token_timeout_ms: int = strawberry.field(description="From asking to the first text.")
    between_tokens_timeout_ms: int = strawberry.field(description="The longest silence.")
    total_timeout_ms: int = strawberry.field(description="From asking to the end.")
    max_concurrency: int = strawberry.field(
        description="Answers at the same time, in each server process. Further ones wait a little,"
        " then the fallback model answers."
    )
    is_fallback: bool = strawberry.field(description="Meant for when others fail.")
    input_cost_per_1k_tokens: Decimal = strawberry.field(description="Price of 1000 tokens.")
    output_cost_per_1k_tokens: Decimal = strawberry.field(description="Price of 1000 tokens.")
    active: bool = strawberry.field(description="Whether it may be used.")
    revision: int = strawberry.field(description="Counts the changes; see ConflictError.")
    document: strawberry.Private[LlmConfigDocument]

    @strawberry.field(description="Whose it is; null: the platform's, for all.")
    async def client(self, info: ParlanceInfo) -> Client | None:
        owner = self.document.client_id
        return await client_by_slug(info.context, owner) if owner else None

    @strawberry.field(description="Whether questions go to it at the moment.")
    async def health(self, info: ParlanceInfo) -> LlmHealth:
        circuit = self.document.circuit
        if circuit is None:
            return LlmHealth(state=LlmState.WORKING, since=None, retry_at=None, problem=None)
        return LlmHealth(
            state=LlmState.LEFT_ALONE,
            since=circuit.opened_at,
            retry_at=circuit.open_until,
            problem=circuit.problem if await self._is_open_to(info) else None,
        )

    @strawberry.field(
        description="Where, if not at the provider's own. The platform's: shown to platform admins."
    )
    async def api_url(self, info: ParlanceInfo) -> str | None:
        return self.document.api_url if await self._is_open_to(info) else None

    @strawberry.field(
        description="The server's variable that holds the key. The platform's: shown to platform"
        " admins."
    )
    async def api_key_env(self, info: ParlanceInfo) -> str | None:
        return self.document.api_key_env if await self._is_open_to(info) else None

    async def _is_open_to(self, info: ParlanceInfo) -> bool:
        if self.document.client_id is not None:
            return True
        return (await info.context.member()).is_admin


def llm_config_from(document: LlmConfigDocument) -> LlmConfig:
    """The form of a config that people see."""
    return LlmConfig(
        id=global_id("LlmConfig", document.id),
        name=document.name,
        provider=LlmProvider(document.provider),
        langchain_provider=document.langchain_provider,
        model=document.model,
        has_api_key=document.sealed_api_key is not None,
        max_tokens=document.max_tokens,
        temperature=document.temperature,
        connect_timeout_ms=document.connect_timeout_ms,
        first_token_timeout_ms=document.first_token_timeout_ms,
        between_tokens_timeout_ms=document.between_tokens_timeout_ms,
        total_timeout_ms=document.total_timeout_ms,
        max_concurrency=document.max_concurrency,
        is_fallback=document.is_fallback,
        input_cost_per_1k_tokens=document.input_cost_per_1k_tokens,
        output_cost_per_1k_tokens=document.output_cost_per_1k_tokens,
        active=document.active,
        revision=document.revision,
        document=document,
    )
