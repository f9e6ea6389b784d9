"""Our own readers and LangChain's make the same of the same bytes, and send the same request."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from services.llm.errors import ModelError
from services.llm.factory import ModelFactory
from services.llm.model import ChatTurn, ModelFinished, ModelRequest, TurnRole
from services.llm.pieces import counted
from services.llm.wires import anthropic_wire, ollama_wire, openai_wire
from tests.providers.aimock import Aimock
from tests.providers.byte_server import Answer, Packets, SeenRequest, byte_server
from tests.providers.recordings import FOLDER, recorded
from tests.unit.llm import asking
from tests.unit.llm.asking import PROVIDERS, STREAMS, question, read_into, settings_for
from tests.unit.llm.generated_streams import generated, spoiled

FORMATS = ["anthropic", "ollama", "openai"]
WIRES = {
    "openai": openai_wire.WIRE,
    "anthropic": anthropic_wire.WIRE,
    "ollama": ollama_wire.WIRE,
}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""Pydantic grumbles, under LangChain, at fields that it does not know."""

PATIENT = {f"{stage}_timeout_ms": 60_000 for stage in ("first_token", "between_tokens", "total")}
"""Nothing here is about time."""

SEEDS = range(8)
STREAMS_OF_A_SEED = 5
RECORDINGS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".sse", ".ndjson"))


@dataclass(frozen=True)
class Outcome:
    """What became of a stream, as far as anybody above the seam can tell."""

    text: str
    finished: ModelFinished | None
    error: str | None


@pytest.fixture
async def both() -> AsyncIterator[Sequence[ModelFactory]]:
    factories = [ModelFactory(), ModelFactory(langchain_only=True)]
    yield factories
    for factory in factories:
        await factory.close()


async def outcome_of(
    models: ModelFactory, provider: str, url: str, request: ModelRequest | None = None
) -> Outcome:
    got = asking.Answer([], None)
    try:
        await read_into(got, models.create(settings_for(provider, url, **PATIENT)), request)
    except ModelError as error:
        return Outcome(got.text, None, f"{type(error).__name__}: {_words(error)}")
    return Outcome(got.text, got.finished, None)


def _words(error: ModelError) -> str:
    # Which exception of Python's met a broken line is no part of what is promised.
    return error.problem.split(" sent what its format does not allow")[0]


async def outcomes(both: Sequence[ModelFactory], provider: str, answer: Answer) -> list[Outcome]:
    async with byte_server(answer) as server:
        return [await outcome_of(models, provider, server.url) for models in both]


def read_in_parts(provider: str, parts: Sequence[bytes]) -> tuple[str, list[object]]:
    """The text, and what else pieces said, of bytes that came in these parts."""
    reader = WIRES[provider].reader("provider.example", None)
    pieces = [reader.read(part) for part in parts if reader.failure is None]
    if reader.failure is None:
        pieces.append(reader.end())
    there = [piece for piece in pieces if piece is not None]
    facts: list[object] = [piece.reason for piece in there if piece.reason]
    facts += [(p.input_tokens, p.output_tokens) for p in there if p.output_tokens is not None]
    return "".join(piece.text for piece in there), [*facts, str(reader.failure)]


@pytest.mark.parametrize("name", RECORDINGS)
async def test_recordings_are_read_the_same(both: Sequence[ModelFactory], name: str) -> None:
    ours, langchains = await outcomes(
        both, name.split("_", maxsplit=1)[0], Answer([Packets(recorded(name))])
    )
    assert ours == langchains


@pytest.mark.parametrize("name", RECORDINGS)
def test_cuts_at_every_byte_make_no_difference(name: str) -> None:
    provider, stream = name.split("_", maxsplit=1)[0], recorded(name)
    whole = read_in_parts(provider, [stream])
    for at in range(1, len(stream)):
        assert read_in_parts(provider, [stream[:at], stream[at:]]) == whole, stream[:at][-40:]
    each = [stream[at : at + 1] for at in range(len(stream))]
    assert read_in_parts(provider, each) == whole


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("provider", FORMATS)
async def test_generated_streams_are_read_the_same(
    both: Sequence[ModelFactory], provider: str, seed: int
) -> None:
    random = Random(f"{provider} {seed}")
    for _ in range(STREAMS_OF_A_SEED):
        stream = generated(provider, random)
        size = random.choice([None, 1, 17, 200])
        ours, langchains = await outcomes(both, provider, Answer([Packets(stream, size)]))
        assert ours == langchains, stream


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("provider", FORMATS)
async def test_spoiled_streams_fail_the_same(
    both: Sequence[ModelFactory], provider: str, seed: int
) -> None:
    random = Random(f"spoiled {provider} {seed}")
    for _ in range(STREAMS_OF_A_SEED):
        stream = spoiled(generated(provider, random), random)
        ours, langchains = await outcomes(both, provider, Answer([Packets(stream)]))
        assert roughly(ours) == roughly(langchains), stream


def roughly(outcome: Outcome) -> tuple[object, ...]:
    """Without words, and without counts: where none can be read, LangChain says 0 for some."""
    finished, error = outcome.finished, outcome.error
    kind = error and error.split(":", maxsplit=1)[0]
    return outcome.text, finished and finished.reason, kind


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_strangers_provider_is_read_the_same(
    both: Sequence[ModelFactory], aimock: Aimock, provider: str
) -> None:
    aimock.says("when do you open", "Wir öffnen um neun. 你好！ 🎉", chunkSize=4)  # noqa: RUF001
    request = question("so when do you open?")
    ours, langchains = [await outcome_of(models, provider, aimock.url, request) for models in both]
    assert ours == langchains
    assert ours.finished


TALKS: dict[str, list[tuple[TurnRole, str]]] = {
    "a talk": [("system", "Rules é"), ("user", "a"), ("assistant", "b"), ("user", "c")],
    "no rules": [("user", "a")],
    "twice the same role": [("system", "x"), ("system", "y"), ("user", "a"), ("user", "b")],
}
SETTINGS: list[dict[str, Any]] = [
    {},
    {"max_tokens": 77, "temperature": 0.25},
    {"temperature": 1.0},
    {"model": "o3-mini", "max_tokens": 5},
    {"model": "gpt-5-mini", "temperature": 0.5},
    {"model": "gpt-5-chat-latest", "temperature": 0.5},
    {"model": "claude-fable-5"},
    {"api_key": None},
]


@pytest.mark.parametrize("talk", TALKS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_same_request_is_sent(
    both: Sequence[ModelFactory], provider: str, talk: str
) -> None:
    turns = tuple(ChatTurn(role, text) for role, text in TALKS[talk])
    answer = Answer([Packets(recorded(STREAMS[provider]))])
    for changes in SETTINGS:
        async with byte_server(answer) as server:
            settings = settings_for(provider, server.url, **changes)
            for models in both:
                await read_into(
                    asking.Answer([], None), models.create(settings), ModelRequest(turns, "c")
                )
        ours, langchains = server.requests
        assert (ours.method, ours.path) == (langchains.method, langchains.path)
        assert _headers(ours.headers) == _headers(langchains.headers)
        assert ours.json() == _body(langchains)


def _body(request: SeenRequest) -> Any:
    body = request.json()
    if body.get("tools") == []:
        del body["tools"]  # LangChain tells Ollama that there are none
    return body


def _headers(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-length"}


@pytest.mark.parametrize(
    ("said", "taken"), [("12.0", 12), ('"12"', 12), ("-5", None), (str(2**70), None)]
)
async def test_counts_that_providers_write_in_other_ways_are_numbers_or_nothing(
    both: Sequence[ModelFactory], said: str, taken: int | None
) -> None:
    """A gateway's own way to write 12 must not end an answer that was paid for."""
    counts = f'"prompt_tokens": {said}, "completion_tokens": {said}, "total_tokens": 24'
    stream = (
        'data: {"choices": [{"index": 0, "delta": {"content": "Yes."}, "finish_reason": "stop"}]}'
        f'\n\ndata: {{"choices": [], "usage": {{{counts}}}}}\n\ndata: [DONE]\n\n'
    )
    ours, langchains = await outcomes(both, "openai", Answer([Packets(stream.encode())]))
    assert ours == langchains
    assert ours.finished is not None
    assert (ours.finished.input_tokens, ours.finished.output_tokens) == (taken, taken)


@pytest.mark.parametrize("count", [True, None, 12.5, float("inf"), float("nan"), "-1", "²", "", {}])
def test_what_is_no_count_is_none(count: object) -> None:
    assert counted(count) is None
    assert counted("9" * 10_000) is None


@pytest.mark.parametrize("line", [b"data:\n", b"data: " + b"x" * 1_000 + b"\n"])
def test_an_event_without_end_fills_no_memory(line: bytes) -> None:
    reader = openai_wire.WIRE.reader("provider.example", None)
    for _ in range(20):
        reader.read(line * 1_000)
    assert "without end" in str(reader.failure)


async def test_what_is_cut_is_told_also_when_an_empty_piece_follows(
    both: Sequence[ModelFactory],
) -> None:
    """The answer fills its room exactly, says more, and ends with a piece that says nothing."""
    room = settings_for("openai", "http://x.example").max_answer_characters
    says = 'data: {{"choices": [{{"index": 0, "delta": {{"content": "{}"}}}}]}}\n\n'
    ends = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    parts = [says.format("x" * room), says.format("y"), ends]
    for one in await outcomes(both, "openai", Answer([Packets(p.encode()) for p in parts])):
        assert one.finished is None
        assert "answers without end" in str(one.error)
