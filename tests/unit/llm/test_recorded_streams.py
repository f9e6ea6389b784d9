from asyncio import Event

import pytest

from services.llm.factory import ModelFactory
from services.llm.model import FinishReason, ModelFinished, TextChunk
from tests.providers.byte_server import Answer, Packets, RawPackets, Step, Wait, byte_server
from tests.providers.recordings import FOLDER, WHOLE_TEXT, recorded
from tests.unit.llm.asking import (
    KEY,
    PROVIDERS,
    STREAMS,
    answer_of,
    first_event,
    question,
    settings_for,
)

TOKENS = {
    "openai": (19, 10),
    "openai_compatible": (19, 10),
    "anthropic": (None, 15),  # the published example counts the prompt only in message_start
    "ollama": (26, 282),
}


@pytest.mark.parametrize("packet_bytes", [None, 1, 7, 64])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_recorded_stream_reads_the_same_however_it_is_cut_into_packets(
    models: ModelFactory, provider: str, packet_bytes: int | None
) -> None:
    body = Packets(recorded(STREAMS[provider]), packet_bytes)
    async with byte_server(Answer([body])) as server:
        answer = await answer_of(models.create(settings_for(provider, server.url)))
    tokens_in, tokens_out = TOKENS[provider]
    assert answer.text == WHOLE_TEXT
    assert answer.finished == ModelFinished("stop", tokens_in, tokens_out)


async def test_anthropics_cumulative_counts_are_told(models: ModelFactory) -> None:
    body = Packets(recorded("anthropic_cumulative_usage.sse"))
    async with byte_server(Answer([body])) as server:
        answer = await answer_of(models.create(settings_for("anthropic", server.url)))
    assert answer.finished == ModelFinished("stop", 25, 15)


async def test_chunk_frames_that_fall_apart_are_put_together(models: ModelFactory) -> None:
    body = recorded("openai_chat.sse")
    framed = b"%x\r\n%b\r\n" % (len(body), body)
    steps = [RawPackets(framed[at : at + 3]) for at in range(0, len(framed), 3)]
    async with byte_server(Answer(steps)) as server:
        answer = await answer_of(models.create(settings_for("openai", server.url)))
    assert answer.text == WHOLE_TEXT


async def test_langchain_delivers_each_piece_of_the_provider() -> None:
    models = ModelFactory(langchain_only=True)
    async with byte_server(Answer([Packets(recorded("openai_chat.sse"))])) as server:
        answer = await answer_of(models.create(settings_for("openai", server.url)))
    await models.close()
    assert answer.chunks == ["Grüße", " aus Zürich! ", "你好，", "世界。", " 🎉", " naïve"]  # noqa: RUF001


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_one_read_brings_is_one_chunk(provider: str) -> None:
    models = ModelFactory()
    whole = recorded(STREAMS[provider])
    first, rest = first_event(whole), Event()
    steps: list[Step] = [Packets(first), Wait(rest), Packets(whole[len(first) :])]
    async with byte_server(Answer(steps)) as server:
        stream = models.create(settings_for(provider, server.url)).stream(question())
        beginning = await anext(stream)
        rest.set()
        following = [event async for event in stream]
    await models.close()
    assert beginning == TextChunk("Grüße")
    assert following[0] == TextChunk(WHOLE_TEXT.removeprefix("Grüße"))
    assert isinstance(following[1], ModelFinished)


@pytest.mark.parametrize(
    ("provider", "name", "reason"),
    [
        ("openai", "openai_length.sse", "length"),
        ("openai", "openai_content_filter.sse", "refusal"),
        ("openai", "openai_tool_call.sse", "other"),
        ("anthropic", "anthropic_max_tokens.sse", "length"),
        ("anthropic", "anthropic_refusal.sse", "refusal"),
        ("ollama", "ollama_length.ndjson", "length"),
    ],
)
async def test_the_reason_for_stopping_is_told(
    models: ModelFactory, provider: str, name: str, reason: FinishReason
) -> None:
    async with byte_server(Answer([Packets(recorded(name))])) as server:
        answer = await answer_of(models.create(settings_for(provider, server.url)))
    assert answer.text == "Grüße"
    assert answer.finished is not None
    assert answer.finished.reason == reason


@pytest.mark.parametrize(
    ("provider", "path", "header", "value"),
    [
        ("openai", "/v1/chat/completions", "authorization", f"Bearer {KEY}"),
        ("openai_compatible", "/v1/chat/completions", "authorization", f"Bearer {KEY}"),
        ("anthropic", "/v1/messages", "x-api-key", KEY),
        ("ollama", "/api/chat", "authorization", f"Bearer {KEY}"),
    ],
)
async def test_request_carries_prompt_bounds_and_key(
    models: ModelFactory, provider: str, path: str, header: str, value: str
) -> None:
    async with byte_server(Answer([Packets(recorded(STREAMS[provider]))])) as server:
        settings = settings_for(provider, server.url, max_tokens=77, temperature=0.25)
        await answer_of(models.create(settings), question("why?"))
    (request,) = server.requests
    body = request.json()
    assert (request.method, request.path, request.headers[header]) == ("POST", path, value)
    assert "why?" in str(body["messages"])
    assert "Answer briefly." in str(body.get("system", body["messages"]))
    assert "77" in str(body)
    assert "0.25" in str(body)
    assert body["stream"] is True


async def test_config_without_key_sends_none(models: ModelFactory) -> None:
    async with byte_server(Answer([Packets(recorded("openai_chat.sse"))])) as server:
        settings = settings_for("openai_compatible", server.url, api_key=None)
        await answer_of(models.create(settings))
    assert "authorization" not in server.requests[0].headers


def test_every_recording_names_its_source() -> None:
    sources = (FOLDER / "SOURCES.md").read_text()
    names = {path.stem for path in FOLDER.iterdir() if path.suffix != ".md"}
    assert {name for name in names if name not in sources} == set()
