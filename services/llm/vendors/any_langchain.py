"""Any other provider that LangChain knows, by its name in `init_chat_model`.

These SDKs bring their own HTTP clients, so neither the guard nor our deadlines of connecting
reach into them: such configs are for platform admins only, and the provider's own environment
variables do apply.
"""

from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel

from services.llm.errors import ModelUnavailableError
from services.llm.model import ModelSettings


def build(settings: ModelSettings) -> BaseChatModel:
    """A LangChain model.

    Raises:
        ModelUnavailableError: LangChain does not know the provider, or its package is missing.
    """
    wanted = {
        "api_key": settings.api_key,
        "base_url": settings.api_url,
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "max_retries": 0,
    }
    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    provider = settings.langchain_provider or ""
    try:
        model: BaseChatModel = init_chat_model(settings.model, model_provider=provider, **given)
    except ImportError:
        raise ModelUnavailableError(
            f"the LangChain package of {provider!r} is not installed"
        ) from None
    except ValueError as error:
        kind = type(error).__name__
        raise ModelUnavailableError(f"LangChain cannot build {provider!r} ({kind})") from None
    return model
