import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.llm.errors import (
    ModelAddressError,
    ModelError,
    ModelProtocolError,
    ModelRejectedError,
    ModelServerError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    ModelUnreachableError,
)
from services.llm.factory import ModelFactory
from tests.providers import byte_server as bytes_of
from tests.providers.byte_server import Packets, byte_server
from tests.providers.recordings import recorded
from tests.unit.llm.asking import (
    FIRST_WORDS,
    KEY,
    PROVIDERS,
    STREAMS,
    Answer,
    answer_of,
    first_event,
    question,
    read_into,
    settings_for,
)

SOON_S = 20.0
"""Far above every deadline used here, far below a hang."""


def complaint(status: int, body: bytes, **headers: str) -> bytes_of.Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return bytes_of.Answer([Packets(body)], status, {"content-type": "application/json", **names})


async def failure(
    models: ModelFactory, provider: str, answer: bytes_of.Answer, **changes: int
) -> tuple[ModelError, str]:
    """The error that a scripted answer leads to, and the text before it."""
    got = Answer([], None)
    async with byte_server(answer) as server:
        model = models.create(settings_for(provider, server.url, **changes))
        started = time.monotonic()
        with pytest.raises(ModelError) as caught:
            await read_into(got, model)
        assert time.monotonic() - started < SOON_S
    assert KEY not in str(caught.value)
    return caught.value, got.text


@pytest.mark.parametrize(
    ("provider", "name"),
    [("openai", "openai_401.json"), ("anthropic", "anthropic_401.json")],
)
async def test_bad_key_is_a_rejection_that_does_not_show_the_key(
    models: ModelFactory, provider: str, name: str
) -> None:
    body = recorded(name).replace(b"invalid x-api-key", f"invalid key {KEY}".encode())
    error, _ = await failure(models, provider, complaint(401, body))
    assert isinstance(error, ModelRejectedError)
    assert error.status == 401
    assert "nvalid" in error.problem or "Incorrect" in error.problem
    assert "7890" not in error.problem


async def test_unknown_model_is_a_rejection(models: ModelFactory) -> None:
    error, _ = await failure(models, "ollama", complaint(404, recorded("ollama_404.json")))
    assert isinstance(error, ModelRejectedError)
    assert error.status == 404
    assert "not found" in error.problem


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_throttling_tells_when_to_come_back(models: ModelFactory, provider: str) -> None:
    answer = complaint(429, recorded("openai_429.json"), retry_after="17")
    error, _ = await failure(models, provider, answer)
    assert isinstance(error, ModelThrottledError)
    assert error.retry_after_s == 17


async def test_throttling_understands_dates_and_milliseconds(models: ModelFactory) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    dated, _ = await failure(models, "openai", complaint(429, b"{}", retry_after=soon))
    exact, _ = await failure(models, "openai", complaint(429, b"{}", retry_after_ms="250"))
    silent, _ = await failure(models, "openai", complaint(429, b"{}", retry_after="later"))
    assert isinstance(dated, ModelThrottledError)
    assert isinstance(exact, ModelThrottledError)
    assert isinstance(silent, ModelThrottledError)
    assert dated.retry_after_s == pytest.approx(120, abs=5)
    assert exact.retry_after_s == 0.25
    assert silent.retry_after_s is None


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [500, 503, 529])
async def test_server_error_keeps_its_status(
    models: ModelFactory, provider: str, status: int
) -> None:
    error, _ = await failure(models, provider, complaint(status, recorded("anthropic_529.json")))
    assert isinstance(error, ModelServerError)
    assert error.status == status
    assert "Overloaded" in error.problem


async def test_request_is_sent_once_even_if_the_provider_asks_for_retries(
    models: ModelFactory,
) -> None:
    answer = complaint(503, b"{}", retry_after="0", x_should_retry="true")
    for provider in PROVIDERS:
        async with byte_server(answer) as server:
            with pytest.raises(ModelServerError):
                await answer_of(models.create(settings_for(provider, server.url)))
            assert len(server.requests) == 1


async def test_complaint_that_never_ends_is_cut(models: ModelFactory) -> None:
    endless = bytes_of.Answer(
        [Packets(b'{"error": "' + b"x " * 40_000), bytes_of.UntilClosed()], 500
    )
    error, _ = await failure(models, "openai", endless)
    assert isinstance(error, ModelServerError)
    assert len(error.problem) < 500


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_error_inside_the_stream_keeps_the_text_before_it(
    models: ModelFactory, provider: str
) -> None:
    answer = bytes_of.Answer([Packets(recorded(FIRST_WORDS[provider]))])
    error, text = await failure(models, provider, answer)
    assert isinstance(error, ModelServerError)
    assert text == "Grüße"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_malformed_json_is_a_protocol_error(models: ModelFactory, provider: str) -> None:
    broken = recorded(STREAMS[provider]).replace("你好".encode(), b'"}{broken', 1)
    error, text = await failure(models, provider, bytes_of.Answer([Packets(broken)]))
    assert isinstance(error, ModelProtocolError)
    assert text.startswith("Grüße")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_bytes_that_are_no_utf8_are_an_error_or_replaced_but_never_a_hang(
    models: ModelFactory, provider: str
) -> None:
    broken = recorded(STREAMS[provider]).replace("你好".encode(), b"\xff\xfe\xfd", 1)
    async with byte_server(bytes_of.Answer([Packets(broken)])) as server:
        model = models.create(settings_for(provider, server.url))
        async with asyncio.timeout(SOON_S):
            try:
                answer = await answer_of(model)
            except ModelProtocolError:
                return
    assert answer.text.startswith("Grüße aus Zürich!")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("end", [bytes_of.HangUp(), bytes_of.Reset()])
async def test_disconnect_in_mid_stream_is_unreachable(
    models: ModelFactory, provider: str, end: bytes_of.Step
) -> None:
    words = first_event(recorded(STREAMS[provider]))
    error, text = await failure(models, provider, bytes_of.Answer([Packets(words, 20), end]))
    assert isinstance(error, ModelUnreachableError)
    assert text in ("Grüße", "")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_disconnect_before_the_answer_is_unreachable(
    models: ModelFactory, provider: str
) -> None:
    answer = bytes_of.Answer([bytes_of.HangUp()], status=None)
    error, _ = await failure(models, provider, answer)
    assert isinstance(error, ModelUnreachableError)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_stream_that_ends_early_but_cleanly_is_a_protocol_error(
    models: ModelFactory, provider: str
) -> None:
    words = first_event(recorded(STREAMS[provider]))
    error, text = await failure(models, provider, bytes_of.Answer([Packets(words)]))
    assert isinstance(error, ModelProtocolError)
    assert text == "Grüße"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_silence_before_the_status_line_ends_at_the_first_token_deadline(
    models: ModelFactory, provider: str
) -> None:
    answer = bytes_of.Answer([bytes_of.UntilClosed()], status=None)
    error, _ = await failure(models, provider, answer, first_token_timeout_ms=150)
    assert isinstance(error, ModelTimeoutError)
    assert error.stage == "first_token"


async def test_keepalives_do_not_count_as_a_first_token(models: ModelFactory) -> None:
    answer = bytes_of.Answer([Packets(b": keep-alive\n\n" * 50, 14), bytes_of.UntilClosed()])
    error, _ = await failure(models, "openai", answer, first_token_timeout_ms=150)
    assert isinstance(error, ModelTimeoutError)
    assert error.stage == "first_token"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_silence_in_mid_stream_ends_at_the_deadline_between_tokens(
    models: ModelFactory, provider: str
) -> None:
    words = first_event(recorded(STREAMS[provider]))
    answer = bytes_of.Answer([Packets(words), bytes_of.UntilClosed()])
    error, text = await failure(models, provider, answer, between_tokens_timeout_ms=150)
    assert isinstance(error, ModelTimeoutError)
    assert (error.stage, text) == ("between_tokens", "Grüße")


async def test_slow_trickle_ends_at_the_total_deadline(models: ModelFactory) -> None:
    words = first_event(recorded("openai_chat.sse"))
    answer = bytes_of.Answer([Packets(words), bytes_of.UntilClosed()])
    error, text = await failure(models, "openai", answer, total_timeout_ms=150)
    assert isinstance(error, ModelTimeoutError)
    assert (error.stage, text) == ("total", "Grüße")


async def test_missing_token_counts_do_not_spoil_a_complete_answer(models: ModelFactory) -> None:
    whole = recorded("openai_chat.sse")
    upto_finish = whole[: whole.index(b'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb","choices":[],')]  # fmt: skip  # noqa: E501
    answer = bytes_of.Answer([Packets(upto_finish), bytes_of.HangUp()])
    async with byte_server(answer) as server:
        got = await answer_of(models.create(settings_for("openai", server.url)))
    assert got.finished is not None
    assert (got.finished.reason, got.finished.input_tokens) == ("stop", None)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_refused_connection_is_unreachable(models: ModelFactory, provider: str) -> None:
    async with byte_server() as server:
        url = server.url
    with pytest.raises(ModelUnreachableError):
        await answer_of(models.create(settings_for(provider, url)))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_handshake_that_never_comes_ends_at_the_connect_deadline(
    models: ModelFactory, provider: str
) -> None:
    # A plain server waits for a request line while the client waits for a TLS hello.
    async with byte_server() as server:
        url = server.url.replace("http:", "https:")
        settings = settings_for(provider, url, connect_timeout_ms=150)
        with pytest.raises(ModelTimeoutError) as caught:
            await answer_of(models.create(settings))
    assert caught.value.stage == "connect"


async def test_web_page_instead_of_a_stream_is_named(models: ModelFactory) -> None:
    page = bytes_of.Answer([Packets(b"<html>")], 200, {"content-type": "text/html; charset=utf-8"})
    error, _ = await failure(models, "openai", page)
    assert isinstance(error, ModelProtocolError)
    assert "web page" in error.problem


async def test_json_complaint_with_status_200_is_an_error(models: ModelFactory) -> None:
    error, _ = await failure(models, "openai", complaint(200, recorded("openai_429.json")))
    assert isinstance(error, ModelProtocolError)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_redirects_are_not_followed(models: ModelFactory, provider: str) -> None:
    async with byte_server() as elsewhere:
        answer = complaint(307, b"", location=f"{elsewhere.url}/v1/chat/completions")
        error, _ = await failure(models, provider, answer)
        assert elsewhere.connections == 0
    assert isinstance(error, ModelAddressError)


async def test_compressed_answer_is_refused(models: ModelFactory) -> None:
    zipped = bytes_of.Answer([Packets(b"\x1f\x8b")], 200, {"content-encoding": "gzip"})
    error, _ = await failure(models, "openai", zipped)
    assert isinstance(error, ModelProtocolError)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_line_without_end_is_cut(models: ModelFactory, provider: str) -> None:
    endless = bytes_of.Answer([Packets(b"data: " + b"x" * 2_000_000, 65_536)])
    error, _ = await failure(models, provider, endless)
    assert isinstance(error, ModelProtocolError)
    assert "without end" in error.problem


async def test_answer_above_its_size_is_cut(models: ModelFactory) -> None:
    answer = bytes_of.Answer([Packets(recorded("openai_chat.sse"))])
    error, text = await failure(models, "openai", answer, max_answer_characters=10)
    assert isinstance(error, ModelProtocolError)
    assert text == "Grüße aus "


async def test_setting_that_the_sdk_refuses_is_not_blamed_on_the_provider(
    models: ModelFactory,
) -> None:
    async with byte_server() as server:
        settings = settings_for("anthropic", server.url, model="claude-fable-5", temperature=0.1)
        with pytest.raises(ModelUnavailableError, match="temperature"):
            await answer_of(models.create(settings), question())
        assert server.connections == 0
