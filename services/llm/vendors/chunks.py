"""A LangChain chat model as a source of pieces.

LangSmith stays out of it: LangChain sends prompts and answers there as soon as an environment
variable says so, and here only our own settings may send a visitor's words anywhere.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, aclosing
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel
from langsmith import tracing_context

from services.llm.model import ModelRequest
from services.llm.pieces import OpenSource, Piece


def open_source(model: BaseChatModel) -> OpenSource:
    """The source behind a model."""
    return OpenSource(partial(_pieces, model), _untraced)


def _untraced() -> AbstractContextManager[None]:
    return tracing_context(enabled=False)


async def _pieces(model: Any, request: ModelRequest) -> AsyncGenerator[Piece, None]:
    turns = [(turn.role, turn.text) for turn in request.turns]
    async with aclosing(model.astream(turns)) as chunks:
        async for chunk in chunks:
            yield _piece(chunk)


def _piece(chunk: Any) -> Piece:
    usage = chunk.usage_metadata or {}
    return Piece(
        str(chunk.text),
        _reason_in(chunk.response_metadata),
        usage.get("input_tokens"),
        usage.get("output_tokens"),
    )


def _reason_in(facts: Mapping[str, Any]) -> str | None:
    for name in ("finish_reason", "stop_reason", "done_reason"):
        if reason := facts.get(name):
            return str(reason)
    return "stop" if facts.get("done") is True else None
