"""The same providers as a stranger wrote them, with streaming physics and faults."""

import pytest

from services.llm.errors import (
    ModelError,
    ModelProtocolError,
    ModelRejectedError,
    ModelServerError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from services.llm.factory import ModelFactory
from services.llm.model import ModelSettings
from tests.providers.aimock import Aimock
from tests.unit.llm.asking import PROVIDERS, Answer, answer_of, question, read_into, settings_for

ANSWER = "Wir öffnen um neun. 你好！ We close at six. 🎉 Hasta mañana."  # noqa: RUF001


def settings_at(mock: Aimock, provider: str, **changes: int) -> ModelSettings:
    return settings_for(provider, mock.url, **changes)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answer_streams_in_pieces(
    models: ModelFactory, langchain_only: bool, aimock: Aimock, provider: str
) -> None:
    aimock.says("when do you open", ANSWER, chunkSize=4)
    model = models.create(settings_at(aimock, provider))
    answer = await answer_of(model, question("so when do you open?"))
    assert answer.text == ANSWER
    if langchain_only:  # else as many as there were packets
        assert len(answer.chunks) > 5
    assert answer.finished is not None
    assert answer.finished.reason == "stop"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_slow_first_token_is_a_timeout(
    models: ModelFactory, aimock: Aimock, provider: str
) -> None:
    aimock.says("slow", ANSWER, streamingProfile={"ttft": 5_000, "tps": 50})
    model = models.create(settings_at(aimock, provider, first_token_timeout_ms=200))
    with pytest.raises(ModelTimeoutError) as caught:
        await answer_of(model, question("slow"))
    assert caught.value.stage == "first_token"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_slow_tokens_end_at_the_total_deadline(
    models: ModelFactory, aimock: Aimock, provider: str
) -> None:
    aimock.says("drip", ANSWER, streamingProfile={"ttft": 1, "tps": 5}, chunkSize=4)
    model = models.create(settings_at(aimock, provider, total_timeout_ms=700))
    got = Answer([], None)
    with pytest.raises(ModelTimeoutError) as caught:
        await read_into(got, model, question("drip"))
    assert caught.value.stage == "total"
    assert ANSWER.startswith(got.text)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ModelRejectedError), (429, ModelThrottledError), (500, ModelServerError)],
)
async def test_error_statuses_are_typed(
    models: ModelFactory, aimock: Aimock, provider: str, status: int, kind: type[ModelError]
) -> None:
    aimock.fails("please", status, "not today")
    with pytest.raises(kind, match="not today"):
        await answer_of(models.create(settings_at(aimock, provider)), question("please"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_connection_cut_in_mid_stream_is_typed(
    models: ModelFactory, aimock: Aimock, provider: str
) -> None:
    aimock.says("cut", ANSWER, chunkSize=4, latency=10, truncateAfterChunks=4)
    got = Answer([], None)
    with pytest.raises((ModelUnreachableError, ModelProtocolError)):
        await read_into(got, models.create(settings_at(aimock, provider)), question("cut"))
    assert ANSWER.startswith(got.text)
    assert got.finished is None


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_dropped_malformed_and_refused_requests_are_typed(
    models: ModelFactory, aimock: Aimock, provider: str
) -> None:
    aimock.says("chaos", ANSWER)
    model = models.create(settings_at(aimock, provider))
    for fault in ("dropRate", "malformedRate", "disconnectRate", "rateLimitRate"):
        aimock.chaos(**{fault: 1.0})
        with pytest.raises(ModelError):
            await answer_of(model, question("chaos"))
