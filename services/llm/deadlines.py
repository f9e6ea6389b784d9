"""How long one answer may take, stage by stage."""

import asyncio

from services.llm.errors import ModelStage, ModelTimeoutError
from services.llm.model import ModelSettings

AFTER_FINISH_S = 2.0
"""How long to wait for the token counts once the model has said that it is done."""


class Deadlines:
    """The deadlines of an answer that was asked for when this was made."""

    def __init__(self, settings: ModelSettings) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked_at = self._loop.time()
        self._first_token_at = self._asked_at + settings.first_token_timeout_ms / 1000
        self._total_at = self._asked_at + settings.total_timeout_ms / 1000
        self._between_tokens_s = settings.between_tokens_timeout_ms / 1000

    def next_one(self, *, has_begun: bool, has_finished: bool) -> tuple[ModelStage, float]:
        """Which deadline is the next, and when on the loop's clock, if waiting begins now."""
        if has_finished:
            return "total", min(self._total_at, self._loop.time() + AFTER_FINISH_S)
        stage: ModelStage = "between_tokens" if has_begun else "first_token"
        staged = self._loop.time() + self._between_tokens_s if has_begun else self._first_token_at
        return ("total", self._total_at) if self._total_at <= staged else (stage, staged)

    def missed(self, stage: ModelStage, host: str) -> ModelTimeoutError:
        """The error when a deadline has passed."""
        waited_s = self._loop.time() - self._asked_at
        problem = f"{host}: {stage.replace('_', ' ')} deadline passed after {waited_s:.1f} s"
        return ModelTimeoutError(problem, stage=stage)
