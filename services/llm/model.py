"""The seam to language models: one question in, a stream of text out.

Everything above this package knows only these names; LangChain, the vendors' SDKs and `local`
are behind them. Errors are in `services.llm.errors`.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal, Protocol

TurnRole = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "refusal", "other"]


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One message of the prompt, in the order in which the model reads it."""

    role: TurnRole
    text: str


@dataclass(frozen=True, slots=True)
class ContextPassage:
    """A piece of the chatbot's knowledge that the answer may cite as `[number]`.

    Attributes:
        number: from 1, as it is cited.
        title: the source's title.
        text: the whole passage.
        quote: its best sentences, verbatim.
        evidence: how much of the question it holds, 0 to 1.
    """

    number: int
    title: str
    text: str
    quote: str
    evidence: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """All that a model gets to see of a turn.

    Attributes:
        turns: the assembled prompt; the last one is the question.
        question: the visitor's own words, for models that need no prompt.
        passages: what retrieval found, best first.
        language: BCP 47 tag of the language to answer in.
        opening: what the product says itself before the first word of a model.
        quoted_opening: the same before what a model quotes that adds no word of its own.
        nothing_known: what such a model says when there is nothing to quote.
    """

    turns: tuple[ChatTurn, ...]
    question: str
    passages: tuple[ContextPassage, ...] = ()
    language: str = "en"
    opening: str = ""
    quoted_opening: str = ""
    nothing_known: str = ""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """What one read from the provider delivered; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelFinished:
    """The last event of a stream that ended well.

    Attributes:
        reason: why the model stopped.
        input_tokens: as the provider counted; None when it did not say.
        output_tokens: likewise.
    """

    reason: FinishReason
    input_tokens: int | None = None
    output_tokens: int | None = None


ModelEvent = TextChunk | ModelFinished


class LanguageModel(Protocol):
    """Answers requests; safe for any number of concurrent streams."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Yield `TextChunk`s and at the end exactly one `ModelFinished`.

        `aclose()` of the generator closes the provider's connection at once.

        Raises:
            ModelError: one of its subclasses, at any point of the stream.
        """
        ...


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How to reach one model; equal settings share one HTTP connection pool.

    Attributes:
        provider: openai, openai_compatible, anthropic, ollama, local or langchain.
        model: the provider's name of the model.
        api_key: sent to the provider and nowhere else.
        api_url: base URL; None means the provider's public one.
        trusted: the address was set by a platform admin, so private ones are allowed.
        langchain_provider: `model_provider` of LangChain's init_chat_model.
        max_tokens: upper bound of the answer; None leaves it to the provider.
        temperature: None leaves it to the provider.
        connect_timeout_ms: until the TCP and TLS handshakes are done.
        first_token_timeout_ms: from asking to the first text.
        between_tokens_timeout_ms: longest silence once text has begun.
        total_timeout_ms: from asking to the end.
        max_answer_characters: a longer answer is cut with ModelProtocolError.
    """

    provider: str
    model: str = ""
    api_key: str | None = field(default=None, repr=False)
    api_url: str | None = None
    trusted: bool = False
    langchain_provider: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    connect_timeout_ms: int = 5_000
    first_token_timeout_ms: int = 30_000
    between_tokens_timeout_ms: int = 20_000
    total_timeout_ms: int = 180_000
    max_answer_characters: int = 200_000
