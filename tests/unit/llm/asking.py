"""Short ways to ask a model in tests."""

from dataclasses import dataclass, replace
from typing import Any

from services.llm.model import (
    ChatTurn,
    LanguageModel,
    ModelFinished,
    ModelRequest,
    ModelSettings,
    TextChunk,
)

PROVIDERS = ("openai", "openai_compatible", "anthropic", "ollama")
KEY = "sk-test-4f9dKq83ZbTTuV5a"

MODEL_NAMES = {"anthropic": "claude-haiku-4-5", "ollama": "llama3.2"}
STREAMS = {
    "openai": "openai_chat.sse",
    "openai_compatible": "openai_keepalive.sse",
    "anthropic": "anthropic_messages.sse",
    "ollama": "ollama_chat.ndjson",
}
FIRST_WORDS = {
    "openai": "openai_error_in_stream.sse",
    "openai_compatible": "openai_error_in_stream.sse",
    "anthropic": "anthropic_error_in_stream.sse",
    "ollama": "ollama_error_in_stream.ndjson",
}


def settings_for(provider: str, url: str, **changes: Any) -> ModelSettings:
    """Settings with short deadlines for a provider on loopback."""
    base = f"{url}/v1" if provider.startswith("openai") else url
    settings = ModelSettings(
        provider=provider,
        model=MODEL_NAMES.get(provider, "gpt-4o-mini"),
        api_key=KEY,
        api_url=base,
        trusted=True,
        connect_timeout_ms=2_000,
        first_token_timeout_ms=4_000,
        between_tokens_timeout_ms=4_000,
        total_timeout_ms=8_000,
    )
    return replace(settings, **changes)


def question(text: str = "why is the sky blue?") -> ModelRequest:
    """A request with a system turn and a question."""
    turns = (ChatTurn("system", "Answer briefly."), ChatTurn("user", text))
    return ModelRequest(turns=turns, question=text)


@dataclass
class Answer:
    """Everything that a stream gave."""

    chunks: list[str]
    finished: ModelFinished | None

    @property
    def text(self) -> str:
        return "".join(self.chunks)


async def answer_of(model: LanguageModel, request: ModelRequest | None = None) -> Answer:
    """Read a stream to its end."""
    answer = Answer([], None)
    await read_into(answer, model, request)
    return answer


async def read_into(
    answer: Answer, model: LanguageModel, request: ModelRequest | None = None
) -> None:
    """Read a stream to its end; what came before an error stays in `answer`."""
    async for event in model.stream(request or question()):
        assert answer.finished is None, "nothing comes after ModelFinished"
        match event:
            case TextChunk(text):
                assert text
                answer.chunks.append(text)
            case ModelFinished():
                answer.finished = event


def first_event(recording: bytes) -> bytes:
    """The recording up to and with its first text, without what follows."""
    cut = recording.index("Grüße".encode())
    after = recording.index(b"\n", cut)
    return recording[:after] + (b"\n" if recording.startswith(b"{") else b"\n\n")
