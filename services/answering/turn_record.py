"""What is known about an answer so far; stored with the message whatever its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from documents.base import utc_now
from documents.llm_configs import LlmConfig
from documents.messages import TraceStep
from services.answering.citations import cited
from services.answering.events import StepKind
from services.answering.prices import cost_micros, estimated_tokens
from services.knowledge.passages import RetrievedPassage
from services.llm.model import ModelFinished


@dataclass(frozen=True, slots=True)
class SpentBefore:
    """What a model took for the turn before the one that answers was asked."""

    input_tokens: int
    output_tokens: int
    micros: int
    estimated: bool


@dataclass(slots=True)
class TurnRecord:
    """The record of one turn.

    Attributes:
        began: by `perf_counter`.
        prompt_tokens: about how many the prompt has.
        config: of the model that was asked last.
        hook_tags: labels that the chatbot's hook gave.
        suggestions: what the visitor may ask next.
        may_cost: whether its provider may have read the prompt and ask money for that, also when
            nothing came back: because nobody waited for it.
        confidence: that the passages hold the answer; None where nothing was looked for.
        evidence_tags: labels for what the evidence was enough for.
        spent_before: what understanding the question took, if a model was asked.
    """

    began: float
    language: str = "en"
    first_token_ms: int | None = None
    prompt_tokens: int = 0
    config: LlmConfig | None = None
    may_cost: bool = False
    finished: ModelFinished | None = None
    passages: Sequence[RetrievedPassage] = ()
    confidence: float | None = None
    evidence_tags: Sequence[str] = ()
    trace: list[TraceStep] = field(default_factory=list)
    hook_tags: Sequence[str] = ()
    suggestions: Sequence[str] = ()
    spent_before: SpentBefore | None = None

    def elapsed_ms(self) -> int:
        """Since the turn began."""
        return round((perf_counter() - self.began) * 1000)

    def step_done(
        self, step: StepKind, began: datetime, outcome: str, detail: str | None = None
    ) -> None:
        """Note a step of the turn that began then and is over now."""
        took = round((utc_now() - began).total_seconds() * 1000)
        self.trace.append(
            TraceStep(step=step, started_at=began, duration_ms=took, outcome=outcome, detail=detail)
        )


def stored_fields(text: str, record: TurnRecord) -> dict[str, Any]:
    """What the message keeps about its making, as an update of the document."""
    fields: dict[str, Any] = {
        "citations": [one.model_dump() for one in cited(text, record.passages)],
        "confidence": record.confidence,
        "response_time_ms": record.elapsed_ms(),
        "first_token_ms": record.first_token_ms,
        "trace": [step.model_dump() for step in record.trace],
        "tags": list(dict.fromkeys([*_tags(record), *record.hook_tags])),
        "suggestions": list(record.suggestions),
    }
    if record.config is not None:
        fields["llm_config_id"] = record.config.id
        fields["llm_name"] = record.config.name
        fields.update(_counted(record.config, text, record))
    if record.spent_before is not None:
        fields.update(_with(record.spent_before, fields))
    return fields


def _with(before: SpentBefore, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The sums with what was spent before; no model's own where none was asked to answer."""
    return {
        "input_tokens": fields.get("input_tokens", 0) + before.input_tokens,
        "output_tokens": fields.get("output_tokens", 0) + before.output_tokens,
        "cost_micros": fields.get("cost_micros", 0) + before.micros,
        "estimated": fields.get("estimated", False) or before.estimated,
    }


def _tags(record: TurnRecord) -> list[str]:
    """Labels by which people find the answers that were unusual."""
    reason = record.finished.reason if record.finished else None
    holds = {
        "fallback": any(step.step == "fallback" for step in record.trace),
        "cut_short": reason == "length",
        "refused": reason == "refusal",
    }
    return [*record.evidence_tags, *(tag for tag, does in holds.items() if does)]


def _counted(config: LlmConfig, text: str, record: TurnRecord) -> dict[str, Any]:
    """Tokens and what they cost: as the provider counted, else about.

    Nothing where the provider refused or was not reached, and of `local`, which has no tokens.
    """
    finished = record.finished
    if config.provider == "local" and (finished is None or finished.output_tokens is None):
        return {}
    if finished is None and not text and not record.may_cost:
        return {}
    given = (finished.input_tokens, finished.output_tokens) if finished else (None, None)
    tokens_in = record.prompt_tokens if given[0] is None else given[0]
    tokens_out = estimated_tokens(text) if given[1] is None else given[1]
    return {
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "cost_micros": cost_micros(config, tokens_in, tokens_out),
        "estimated": None in given,
    }
