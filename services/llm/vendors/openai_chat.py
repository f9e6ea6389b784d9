"""OpenAI's chat completions, and every server that speaks them (vLLM, LM Studio, Groq, ...)."""

import httpx2
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from services.llm.model import ModelSettings
from services.llm.provider_door import ClosedDoor2, DoorPlan, ProviderDoor2

UNUSED_KEY = "unused"
"""The SDK insists on a key; the door replaces it by the real one or by none."""


def build(
    settings: ModelSettings, plan: DoorPlan, transport: httpx2.AsyncBaseTransport
) -> BaseChatModel:
    """A LangChain model whose every call goes through the door."""
    door = ProviderDoor2(plan, transport)
    compatible = settings.provider == "openai_compatible"
    return ChatOpenAI(
        model=settings.model,
        api_key=SecretStr(UNUSED_KEY),
        base_url=str(plan.base_url),
        http_client=httpx2.Client(transport=ClosedDoor2(), trust_env=False),
        http_async_client=httpx2.AsyncClient(transport=door, trust_env=False, timeout=None),
        # Left out, these three would come from the environment.
        openai_proxy=None,
        http_socket_options=(),
        output_version="v0",
        temperature=settings.temperature,
        max_completion_tokens=None if compatible else settings.max_tokens,
        # Other servers know only the old name of this field.
        extra_body={"max_tokens": settings.max_tokens}
        if compatible and settings.max_tokens
        else None,
        max_retries=0,
        timeout=None,
        stream_chunk_timeout=None,
        stream_usage=True,
        use_responses_api=False,
        cache=False,
    )
