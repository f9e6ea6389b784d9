"""Clients with limits and chatbots with two models, for the tests of this folder."""

from typing import Any

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.llm_configs import LlmConfig
from documents.usage_months import UsageMonth
from services.usage.reservations import standing
from tests.unit.answering.processes import Visitor


async def limit(visitor: Visitor, **fields: Any) -> None:
    """Give the visitor's client these limits."""
    await visitor.scope.of(Client).update_one({}, {"$set": fields})


async def default_model(visitor: Visitor, **fields: Any) -> LlmConfig:
    """The chatbot's model, with these fields."""
    chatbot = await visitor.scope.of(Chatbot).get(visitor.chatbot_id)
    assert chatbot is not None
    config = await LlmConfig.get(chatbot.draft.default_llm_id)
    assert config is not None
    return await config.set(fields) if fields else config


async def fallback_model(visitor: Visitor, **fields: Any) -> LlmConfig:
    """A second model with these fields, which answers when the first one cannot."""
    given = {"provider": "openai_compatible", "model": "second", "name": "Second", **fields}
    config = await LlmConfig(client_id=visitor.client_id, **given).insert()
    places = {f"{which}.fallback_llm_id": config.id for which in ("draft", "published")}
    await visitor.scope.of(Chatbot).update_one({}, {"$set": places})
    return config


async def month_of(visitor: Visitor) -> UsageMonth:
    """How far the visitor's client is in the running month."""
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    return await standing(client)
