"""Ollama's chat API."""

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_ollama import ChatOllama

from services.llm.model import ModelSettings
from services.llm.provider_door import ClosedDoor, DoorPlan, ProviderDoor


def build(
    settings: ModelSettings, plan: DoorPlan, transport: httpx.AsyncBaseTransport
) -> BaseChatModel:
    """A LangChain model whose every call goes through the door."""
    return ChatOllama(
        model=settings.model,
        base_url=str(plan.base_url),
        client_kwargs={"trust_env": False, "follow_redirects": False, "timeout": None},
        async_client_kwargs={"transport": ProviderDoor(plan, transport)},
        sync_client_kwargs={"transport": ClosedDoor()},
        output_version="v0",
        temperature=settings.temperature,
        num_predict=settings.max_tokens,
        validate_model_on_init=False,
        cache=False,
    )
