"""Getting ready for the first question after a start.

A vendor's SDK takes seconds to import on a small machine. The server does it in the background for
the providers that it has configurations of, so that no visitor waits for it.
"""

from typing import Protocol

import structlog

from documents.llm_configs import providers_in_use

log = structlog.get_logger()


class WarmableModels(Protocol):
    """`services.llm.factory.ModelFactory` is one."""

    async def warm_up(self, provider: str, langchain_provider: str | None = None) -> None:
        """Do once what is slow about a provider's first answer."""
        ...


async def warm_up(models: WarmableModels) -> None:
    """Make the models of all active configurations quick; a problem is noted and nothing else."""
    try:
        for provider, langchain_provider in await providers_in_use():
            await _warm_up_one(models, provider, langchain_provider)
    except Exception:
        log.exception("models_not_warmed_up")


async def _warm_up_one(
    models: WarmableModels, provider: str, langchain_provider: str | None
) -> None:
    try:
        await models.warm_up(provider, langchain_provider)
    except Exception:
        log.exception("model_not_warmed_up", provider=provider)
    else:
        log.info("model_warmed_up", provider=provider)
