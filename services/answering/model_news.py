"""Telling people that a model goes out of order, and that it works again."""

from documents.llm_configs import Circuit, LlmConfig


class ModelNews:
    """Whom it concerns looks at the config, where the circuit stands."""

    async def circuit_opened(self, config: LlmConfig, circuit: Circuit) -> None:
        """The model is left alone from now on."""

    async def circuit_closed(self, config: LlmConfig) -> None:
        """It works again."""
