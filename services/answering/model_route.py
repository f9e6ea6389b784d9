"""Which language model answers for a chatbot, ready to be asked."""

from dataclasses import dataclass
from typing import Protocol

from documents.chatbots import ChatbotSettings
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig, usable_llm_config
from services.chatbots.llm_configs import sealing_owner
from services.llm.errors import ModelUnavailableError
from services.llm.model import LanguageModel, ModelSettings
from services.sealing.sealing import Sealer


class Models(Protocol):
    """Makes models from settings; `services.llm.factory.ModelFactory` is one."""

    def create(self, settings: ModelSettings) -> LanguageModel:
        """A model for these settings.

        Raises:
            ModelError: this installation cannot make one.
        """
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """A model and the config it was made from."""

    config: LlmConfig
    model: LanguageModel


class ModelRoutes:
    """Finds the model for a chatbot."""

    def __init__(self, models: Models, sealer: Sealer, keys_by_name: dict[str, str]) -> None:
        """`keys_by_name` holds the keys that the operator gave by environment variable."""
        self._models = models
        self._sealer = sealer
        self._keys_by_name = keys_by_name

    async def default(self, settings: ChatbotSettings, client_id: str) -> Route:
        """The chatbot's default model.

        Raises:
            ModelUnavailableError: the config is gone, switched off or another client's.
        """
        return await self._route(settings.default_llm_id, client_id)

    async def _route(self, config_id: PydanticObjectId, client_id: str) -> Route:
        config = await usable_llm_config(config_id, client_id)
        if config is None or not config.active:
            raise ModelUnavailableError("The chatbot's language model is gone or switched off.")
        return Route(config, self._models.create(self.settings_of(config)))

    def settings_of(self, config: LlmConfig) -> ModelSettings:
        """The plain values that reach the model, its key opened."""
        return ModelSettings(
            provider=config.provider,
            model=config.model,
            api_key=self._key_of(config),
            api_url=config.api_url,
            trusted=config.client_id is None,
            langchain_provider=config.langchain_provider,
            max_tokens=config.max_tokens,
            temperature=config.temperature,
            connect_timeout_ms=config.connect_timeout_ms,
            first_token_timeout_ms=config.first_token_timeout_ms,
            between_tokens_timeout_ms=config.between_tokens_timeout_ms,
            total_timeout_ms=config.total_timeout_ms,
        )

    def _key_of(self, config: LlmConfig) -> str | None:
        if config.sealed_api_key:
            return self._sealer.open(config.sealed_api_key, owner=sealing_owner(config))
        if config.api_key_env and config.client_id is None:
            return self._keys_by_name.get(config.api_key_env)
        return None
