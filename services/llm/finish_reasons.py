"""Why a model stopped, from the providers' words to ours."""

from collections.abc import Mapping

from services.llm.model import FinishReason

_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "eos": "stop",
    "length": "length", "max_tokens": "length", "model_context_window_exceeded": "length",
    "content_filter": "refusal", "refusal": "refusal", "safety": "refusal",
}  # fmt: skip


def finish_reason(word: str | None) -> FinishReason:
    """Our word for a provider's."""
    return _REASONS.get((word or "other").lower(), "other")
