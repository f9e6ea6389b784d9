"""Anthropic's messages API."""

from functools import cached_property

import anthropic
import httpx2
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from pydantic import Field, SecretStr

from services.llm.model import ModelSettings
from services.llm.provider_door import DoorPlan, ProviderDoor2
from services.llm.wires.anthropic_wire import DEFAULT_MAX_TOKENS

UNUSED_KEY = "unused"
"""The SDK looks for credentials in many places unless it has one; the door sets the real key."""


class _GuardedChatAnthropic(ChatAnthropic):
    """ChatAnthropic with a client of ours; its own one takes no transport."""

    guarded_client: anthropic.AsyncAnthropic = Field(exclude=True, repr=False)

    @cached_property
    def _async_client(self) -> anthropic.AsyncAnthropic:
        return self.guarded_client


def build(
    settings: ModelSettings, plan: DoorPlan, transport: httpx2.AsyncBaseTransport
) -> BaseChatModel:
    """A LangChain model whose every call goes through the door."""
    door = ProviderDoor2(plan, transport)
    client = anthropic.AsyncAnthropic(
        api_key=UNUSED_KEY,
        base_url=str(plan.base_url),
        http_client=httpx2.AsyncClient(transport=door, trust_env=False, timeout=None),
        max_retries=0,
        timeout=None,
        open_telemetry=False,
    )
    return _GuardedChatAnthropic(
        model=settings.model,
        api_key=SecretStr(UNUSED_KEY),
        base_url=str(plan.base_url),
        guarded_client=client,
        anthropic_proxy=None,
        output_version="v0",
        temperature=settings.temperature,
        max_tokens=settings.max_tokens or DEFAULT_MAX_TOKENS,
        max_retries=0,
        timeout=None,
        stream_usage=True,
        cache=False,
    )
