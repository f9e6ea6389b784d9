"""Which language models answer for a chatbot, and each of them ready to be asked."""

from dataclasses import dataclass
from typing import Protocol

from documents.chatbots import ChatbotSettings
from documents.llm_configs import LlmConfig, usable_llm_configs
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
    """The configs that a chatbot's answers may come from; `fallback` is another one or None."""

    default: LlmConfig
    fallback: LlmConfig | None


class ModelRoutes:
    """Finds the models for a chatbot."""

    def __init__(self, models: Models, sealer: Sealer, keys_by_name: dict[str, str]) -> None:
        """`keys_by_name` holds the keys that the operator gave by environment variable."""
        self._models = models
        self._sealer = sealer
        self._keys_by_name = keys_by_name

    async def route(self, settings: ChatbotSettings, client_id: str) -> Route:
        """The chatbot's configs.

        Raises:
            ModelUnavailableError: the default one is gone, switched off or another client's.
        """
        wanted = {settings.default_llm_id, settings.fallback_llm_id} - {None}
        configs = await usable_llm_configs([one for one in wanted if one], client_id)
        active = {config.id: config for config in configs.values() if config.active}
        default = active.pop(settings.default_llm_id, None)
        if default is None:
            raise ModelUnavailableError("The chatbot's language model is gone or switched off.")
        fallback = active.get(settings.fallback_llm_id) if settings.fallback_llm_id else None
        return Route(default, fallback)

    def model_of(self, config: LlmConfig) -> LanguageModel:
        """The model of a config.

        Raises:
            ModelError: this installation cannot make one.
        """
        return self._models.create(self.settings_of(config))

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
