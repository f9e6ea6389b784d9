"""Meanings as vectors, made by any LangChain `Embeddings`, also by a model on this machine.

What goes wrong here costs no answer: a question whose vector does not come in time is looked for
by its words alone, and a provider that failed is left alone for a while.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

QUESTION_S = 1.5
"""How long a question waits for its vector."""

PASSAGES_S = 60.0
PAUSE_S = 30.0
"""How long a provider is left alone after a failure, in seconds."""

LOCAL = "local"
"""The provider that is this machine: needs what the extra `local-embeddings` installs."""

LONGEST_QUESTION_CHARACTERS = 2_000
LONGEST_PASSAGE_CHARACTERS = 8_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """How to reach an embedding model.

    Attributes:
        provider: openai, openai_compatible, ollama, local, or what LangChain's `init_embeddings`
            knows.
        model: The provider's name of the model; of a local one it may be a folder.
        api_key: Sent to the provider and nowhere else.
        api_url: None means the provider's public address.
        least_cosine: Below it a passage is no evidence. It belongs to the model; None leaves the
            decision to the words.
    """

    provider: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    api_url: str | None = None
    least_cosine: float | None = None

    @property
    def name(self) -> str:
        """What vectors of this model are stored under."""
        return f"{self.provider}:{self.model}"


class EmbeddingError(Exception):
    """The embedding model gave nothing; the text names the kind of failure."""


class Embedder:
    """Makes vectors; safe for any number of concurrent calls."""

    def __init__(self, model: EmbeddingModel) -> None:
        self.model = model
        self._opening: asyncio.Task[Embeddings] | None = None
        self._rests_until = 0.0

    async def question(self, text: str) -> list[float] | None:
        """The vector of a question, or None where there is none in time."""
        if monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(QUESTION_S):
                embeddings = await self._open()
                asked = text[:LONGEST_QUESTION_CHARACTERS]
                return _checked([await embeddings.aembed_query(asked)], 1)[0]
        except Exception as error:  # noqa: BLE001 -- each SDK has errors of its own
            self._rest(error)
            return None

    async def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """The vectors of passages.

        Raises:
            EmbeddingError: the provider gave none, or is left alone after a failure.
        """
        if monotonic() < self._rests_until:
            raise EmbeddingError("resting")
        try:
            async with asyncio.timeout(PASSAGES_S):
                embeddings = await self._open()
                cut = [text[:LONGEST_PASSAGE_CHARACTERS] for text in texts]
                return _checked(await embeddings.aembed_documents(cut), len(texts))
        except Exception as error:  # noqa: BLE001 -- each SDK has errors of its own
            self._rest(error)
            raise EmbeddingError(type(error).__name__) from None

    async def _open(self) -> "Embeddings":
        # Shielded: a local model may take longer to load, or to be downloaded, than anybody waits.
        if self._opening is None or _has_failed(self._opening):
            self._opening = asyncio.create_task(asyncio.to_thread(_built, self.model))
        return await asyncio.shield(self._opening)

    def _rest(self, error: Exception) -> None:
        self._rests_until = monotonic() + PAUSE_S
        # What an SDK says repeats its settings, the key among them: only the kind is told.
        log.warning("embedding_failed", model=self.model.name, problem=type(error).__name__)


def _checked(vectors: Sequence[Sequence[float]], count: int) -> list[list[float]]:
    if len(vectors) != count or not all(vectors):
        raise EmbeddingError("the provider gave other vectors than were asked for")
    return [[float(value) for value in vector] for vector in vectors]


def _has_failed(opening: "asyncio.Task[Embeddings]") -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)


def _built(model: EmbeddingModel) -> "Embeddings":
    if model.provider in {"openai", "openai_compatible"}:
        return _openai(model)
    if model.provider == "ollama":
        from langchain_ollama import OllamaEmbeddings  # noqa: PLC0415 -- takes a second

        return OllamaEmbeddings(model=model.model, base_url=model.api_url)
    if model.provider == LOCAL:
        from services.knowledge.embedding.local_model import (  # noqa: PLC0415 -- may not be installed
            LocalEmbeddings,
        )

        return LocalEmbeddings(model.model)
    from langchain.embeddings import init_embeddings  # noqa: PLC0415 -- takes a second

    given: dict[str, Any] = {"api_key": model.api_key} if model.api_key else {}
    if model.api_url:
        given["base_url"] = model.api_url
    return init_embeddings(model.model, provider=model.provider, **given)


def _openai(model: EmbeddingModel) -> "Embeddings":
    from langchain_openai import OpenAIEmbeddings  # noqa: PLC0415 -- takes a second

    return OpenAIEmbeddings(
        model=model.model,
        openai_api_key=SecretStr(model.api_key or "unused"),
        openai_api_base=model.api_url,
        # Else it downloads tables to count tokens, and sends numbers that others cannot read.
        check_embedding_ctx_length=False,
        max_retries=1,
    )
