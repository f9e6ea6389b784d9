import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from services.llm.factory import ModelFactory
from services.llm.model import ModelEvent, TextChunk
from tests.providers.byte_server import Answer, Packets, UntilClosed, Wait, byte_server
from tests.providers.recordings import WHOLE_TEXT, recorded
from tests.unit.llm.asking import (
    PROVIDERS,
    STREAMS,
    answer_of,
    first_event,
    question,
    settings_for,
)

AT_ONCE_S = 10


def first_words_then_silence(provider: str) -> Answer:
    return Answer([Packets(first_event(recorded(STREAMS[provider]))), UntilClosed()])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_closing_the_stream_closes_the_providers_connection(
    models: ModelFactory, provider: str
) -> None:
    async with byte_server(first_words_then_silence(provider)) as server:
        stream = models.create(settings_for(provider, server.url)).stream(question())
        assert await anext(stream) == TextChunk("Grüße")
        assert not server.client_closed.is_set()
        await stream.aclose()
        async with asyncio.timeout(AT_ONCE_S):
            await server.client_closed.wait()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_cancelling_the_reader_closes_the_providers_connection(
    models: ModelFactory, provider: str
) -> None:
    async with byte_server(Answer([UntilClosed()])) as server:
        model = models.create(settings_for(provider, server.url))
        reading = asyncio.create_task(answer_of(model))
        await server.answered.wait()
        reading.cancel()
        async with asyncio.timeout(AT_ONCE_S):
            await server.client_closed.wait()
        with pytest.raises(asyncio.CancelledError):
            await reading


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_cancelling_before_any_answer_closes_the_providers_connection(
    models: ModelFactory, provider: str
) -> None:
    async with byte_server(Answer([UntilClosed()], status=None)) as server:
        model = models.create(settings_for(provider, server.url))
        reading = asyncio.create_task(answer_of(model))
        await server.asked.wait()
        reading.cancel()
        async with asyncio.timeout(AT_ONCE_S):
            await server.client_closed.wait()
        with pytest.raises(asyncio.CancelledError):
            await reading


@pytest.mark.parametrize("turns_between", [1, 2, 3, 4])
async def test_cancelling_twice_closes_the_providers_connection(
    models: ModelFactory, turns_between: int
) -> None:
    async with byte_server(first_words_then_silence("openai")) as server:
        stream = models.create(settings_for("openai", server.url)).stream(question())
        await anext(stream)
        reading = asyncio.create_task(_read_on(stream))
        await asyncio.sleep(0)
        reading.cancel()
        for _ in range(turns_between):
            await asyncio.sleep(0)
        reading.cancel()
        async with asyncio.timeout(60):
            await server.client_closed.wait()
        await asyncio.wait([reading])


async def _read_on(stream: AsyncGenerator[ModelEvent, None]) -> None:
    async with aclosing(stream):
        await anext(stream)


async def test_passed_deadline_closes_the_providers_connection(models: ModelFactory) -> None:
    async with byte_server(first_words_then_silence("openai")) as server:
        settings = settings_for("openai", server.url, between_tokens_timeout_ms=100)
        with pytest.raises(Exception, match="between tokens"):
            await answer_of(models.create(settings))
        async with asyncio.timeout(AT_ONCE_S):
            await server.client_closed.wait()


async def test_stream_may_be_read_by_one_task_and_closed_by_another(
    models: ModelFactory,
) -> None:
    async with byte_server(first_words_then_silence("openai")) as server:
        stream = models.create(settings_for("openai", server.url)).stream(question())
        await asyncio.create_task(anext(stream))
        await asyncio.create_task(stream.aclose())
        async with asyncio.timeout(AT_ONCE_S):
            await server.client_closed.wait()


async def test_closing_one_stream_leaves_its_neighbours_alone(models: ModelFactory) -> None:
    go_on = asyncio.Event()
    whole = recorded("openai_chat.sse")
    head = first_event(whole)
    half = Answer([Packets(head), Wait(go_on), Packets(whole[len(head) :])])
    async with byte_server(half) as server:
        model = models.create(settings_for("openai", server.url))
        stopped, kept = model.stream(question()), model.stream(question())
        async with aclosing(stopped), aclosing(kept):
            await anext(stopped)
            first = await anext(kept)
            assert isinstance(first, TextChunk)
            await stopped.aclose()
            go_on.set()
            rest = [event.text async for event in kept if isinstance(event, TextChunk)]
    assert first.text + "".join(rest) == WHOLE_TEXT


async def test_finished_stream_gives_its_connection_to_the_next(models: ModelFactory) -> None:
    async with byte_server(Answer([Packets(recorded("openai_chat.sse"))])) as server:
        model = models.create(settings_for("openai", server.url))
        for _ in range(3):
            await answer_of(model)
        assert (len(server.requests), server.connections) == (3, 1)


async def test_many_streams_of_one_model_do_not_mix(models: ModelFactory) -> None:
    async with byte_server(Answer([Packets(recorded("openai_chat.sse"), 50)])) as server:
        model = models.create(settings_for("openai", server.url))
        answers = await asyncio.gather(*(answer_of(model) for _ in range(20)))
    assert {answer.text for answer in answers} == {WHOLE_TEXT}
