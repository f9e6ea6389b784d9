"""Whatever a provider does on the wire, the visitor gets an answer or is told that there is none.

Bytes in the three published formats, as bad as providers and networks send them, come in at the
server's own socket; what goes out is looked at as a visitor's widget does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.administration import Administrator
from tests.answers import asked, text_of
from tests.api.operations import done
from tests.graphql_clients import GraphQLClient
from tests.providers import byte_server as wire
from tests.providers.aimock import Aimock, running_aimock
from tests.providers.byte_server import Answer, Packets, byte_server
from tests.providers.dictation import speaking
from tests.providers.recordings import WHOLE_TEXT, recorded
from tests.unit.llm.asking import FIRST_WORDS, STREAMS, first_event

VisitorOf = Callable[..., Awaitable[GraphQLClient]]
WAYS = [
    ("openai", "direct"),
    ("anthropic", "direct"),
    ("ollama", "direct"),
    ("openai_compatible", "langchain"),
    ("anthropic", "langchain"),
    ("ollama", "langchain"),
]
"""Whose format, and who reads it."""

KEY = "sk-a-key-that-must-not-show"
QUICK = {
    "apiKey": KEY,
    "connectTimeoutMs": 2_000,
    "firstTokenTimeoutMs": 1_000,
    "betweenTokensTimeoutMs": 1_000,
    "totalTimeoutMs": 10_000,
}
PATIENT = QUICK | {"firstTokenTimeoutMs": 10_000, "betweenTokensTimeoutMs": 10_000}
"""For what comes whole: not by the clock, on a machine that does something else too."""

SECOND = "The second model answers."
PATIENCE_S = 30.0
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}


@dataclass(frozen=True)
class End:
    """How an answer ends.

    Attributes:
        text: what the visitor has read of the first model.
        falls_back: whether the second model answers, if there is one.
        code: of the failure, where nobody answers.
    """

    text: str = ""
    falls_back: bool = False
    code: str | None = "PROVIDER_FAILED"


COMPLETE = End(text=WHOLE_TEXT, code=None)
FALLS_BACK = End(falls_back=True)
BREAKS_OFF = End(text="Grüße")
CUT_SHORT = End(text="Grüße", code=None)


def stream_of(provider: str) -> bytes:
    return recorded(STREAMS[provider])


def first_words(provider: str) -> Packets:
    return Packets(first_event(stream_of(provider)))


def no_json(provider: str) -> bytes:
    return b'{"broken\n' if provider == "ollama" else b'data: {"broken\n\n'


def keep_alive(provider: str) -> bytes:
    """A comment of server-sent events; Ollama's lines have none."""
    return b"" if provider == "ollama" else b": keep-alive\n\n"


FAULTS: dict[str, tuple[Callable[[str], Answer], End]] = {
    "nothing wrong": (lambda p: Answer([Packets(stream_of(p))]), COMPLETE),
    "a byte at a time": (lambda p: Answer([Packets(stream_of(p), 1)]), COMPLETE),
    "silence after the end": (
        lambda p: Answer([Packets(stream_of(p)), wire.UntilClosed()]),
        COMPLETE,
    ),
    "an error in mid-stream": (lambda p: Answer([Packets(recorded(FIRST_WORDS[p]))]), BREAKS_OFF),
    "429": (
        lambda _: Answer([Packets(recorded("openai_429.json"))], 429, {**JSON, "retry-after": "1"}),
        FALLS_BACK,
    ),
    "500": (lambda _: Answer([Packets(b'{"error": "oops"}')], 500, JSON), FALLS_BACK),
    "a web page": (
        lambda _: Answer([Packets(b"<html>")], 200, {"content-type": "text/html"}),
        End(),
    ),
    "a bad key": (lambda _: Answer([Packets(b'{"error": "key"}')], 401, JSON), End()),
    "no JSON": (lambda p: Answer([Packets(no_json(p))]), End()),
    "no JSON in mid-stream": (
        lambda p: Answer([first_words(p), Packets(no_json(p))]),
        BREAKS_OFF,
    ),
    "a hang-up before a word": (lambda _: Answer([wire.HangUp()], status=None), FALLS_BACK),
    "a hang-up in mid-stream": (lambda p: Answer([first_words(p), wire.HangUp()]), BREAKS_OFF),
    "a reset before a word": (lambda _: Answer([wire.Reset()]), FALLS_BACK),
    "silence": (lambda _: Answer([wire.UntilClosed()], status=None), FALLS_BACK),
    "keep-alives and no word": (
        lambda p: Answer([Packets(keep_alive(p) * 50, 14), wire.UntilClosed()]),
        FALLS_BACK,
    ),
    "keep-alives in mid-stream": (
        lambda p: Answer([first_words(p), Packets(keep_alive(p) * 50, 14), wire.UntilClosed()]),
        BREAKS_OFF,
    ),
    "silence in mid-stream": (
        lambda p: Answer([first_words(p), wire.UntilClosed()]),
        BREAKS_OFF,
    ),
    "an end too early": (lambda p: Answer([first_words(p)]), BREAKS_OFF),
}
OF_ONE_FORMAT: dict[str, tuple[str, str, End]] = {
    "keep-alive comments": ("openai_compatible", "openai_keepalive.sse", COMPLETE),
    "OpenAI, a tool call": ("openai", "openai_tool_call.sse", CUT_SHORT),
    "OpenAI, out of tokens": ("openai", "openai_length.sse", CUT_SHORT),
    "OpenAI, a refusal": ("openai", "openai_content_filter.sse", CUT_SHORT),
    "Anthropic, out of tokens": ("anthropic", "anthropic_max_tokens.sse", CUT_SHORT),
    "Anthropic, a refusal": ("anthropic", "anthropic_refusal.sse", CUT_SHORT),
    "Ollama, out of tokens": ("ollama", "ollama_length.ndjson", CUT_SHORT),
}


def spoken(provider: str, reader: str) -> dict[str, str]:
    """The fields of a config whose answers are read so."""
    if reader == "direct":
        return {"provider": provider.upper()}
    return {"provider": "LANGCHAIN", "langchainProvider": provider}


async def check_end(
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    way: tuple[str, str],
    fault: Answer,
    end: End,
) -> None:
    """Ask twice what has this fault: with a second model behind it and without."""
    async with byte_server(fault) as first, byte_server(speaking([SECOND], 0)) as second:
        provider, _ = way
        address = f"{first.url}/v1" if provider.startswith("openai") else first.url
        for or_else in (second.url, None):
            config: dict[str, Any] = {**(PATIENT if end.code is None else QUICK), **spoken(*way)}
            chatbot = await Administrator(admin).chatbot_asking(
                api_url=address, or_else=or_else, **config
            )
            visitor = await visitor_of(chatbot)
            async with asyncio.timeout(PATIENCE_S):
                events = await asked(visitor, "Where is Zürich?")
            answers_anyway = end.falls_back and or_else is not None
            assert text_of(events) == (SECOND if answers_anyway else end.text)
            if answers_anyway or end.code is None:
                assert events[-1]["__typename"] == "AnswerCompleted", events[-1]
            else:
                assert events[-1]["code"] == end.code
                assert events[-1]["text"]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_ends_in_an_answer_or_a_sentence(
    admin: GraphQLClient, visitor_of: VisitorOf, way: tuple[str, str], fault: str
) -> None:
    answer_of, end = FAULTS[fault]
    await check_end(admin, visitor_of, way, answer_of(way[0]), end)


@pytest.mark.parametrize("reader", ["direct", "langchain"])
@pytest.mark.parametrize("ending", OF_ONE_FORMAT)
async def test_every_way_to_end_a_stream_shows_what_was_said(
    admin: GraphQLClient, visitor_of: VisitorOf, ending: str, reader: str
) -> None:
    provider, name, end = OF_ONE_FORMAT[ending]
    await check_end(admin, visitor_of, (provider, reader), Answer([Packets(recorded(name))]), end)


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Generator[Aimock, None, None]:
    with running_aimock(tmp_path_factory.mktemp("aimock")) as mock:
        yield mock


@pytest.mark.parametrize("provider", ["openai_compatible", "anthropic", "ollama"])
@pytest.mark.parametrize("rate", ["dropRate", "malformedRate", "disconnectRate", "rateLimitRate"])
async def test_no_chaos_of_a_provider_leaves_a_question_without_an_end(
    aimock: Aimock, admin: GraphQLClient, visitor_of: VisitorOf, provider: str, rate: str
) -> None:
    aimock.reset()
    aimock.says("Zürich", "Am See.")
    async with byte_server(speaking([SECOND], 0)) as second:
        chatbot = await Administrator(admin).chatbot_asking(
            provider.upper(), aimock.address_for(provider), or_else=second.url, **QUICK
        )
        visitor = await visitor_of(chatbot)
        aimock.chaos(**{rate: 1.0})
        async with asyncio.timeout(PATIENCE_S):
            events = await asked(visitor, "Wo liegt Zürich?")
    if rate == "malformedRate":
        assert events[-1]["code"] == "PROVIDER_FAILED"
    else:
        assert text_of(events) == SECOND


@pytest.mark.parametrize("provider", ["openai_compatible", "anthropic", "ollama"])
async def test_a_provider_killed_before_a_word_leaves_one_bill_and_a_whole_answer(
    admin: GraphQLClient, visitor_of: VisitorOf, provider: str
) -> None:
    async with byte_server(speaking([SECOND, " And it says all."], 0)) as second:
        async with byte_server(Answer([wire.UntilClosed()])) as first:
            address = f"{first.url}/v1" if provider.startswith("openai") else first.url
            chatbot = await Administrator(admin).chatbot_asking(
                provider.upper(), address, or_else=second.url, outputCostPer1kTokens="99", **QUICK
            )
            visitor = await visitor_of(chatbot)
            asking = asyncio.create_task(asked(visitor, "Where is Zürich?"))
            await first.answered.wait()
        events = await asking
    assert text_of(events) == f"{SECOND} And it says all."
    answer = (await admin.execute(BILL, {"id": events[0]["conversationId"]}))["messages"]["edges"]
    [bill] = [edge["node"] for edge in answer if edge["node"]["sender"] == "BOT"]
    assert bill["llm"]["name"].endswith("fallback")
    assert bill["cost"]["micros"] == 0, "the first one said nothing"
    assert [step["step"] for step in bill["trace"]] == ["RETRIEVING", "THINKING", "FALLBACK"]


BILL = """
query ($id: ID!) {
  messages(conversationId: $id) {
    edges { node { sender llm { name } cost { micros } trace { step outcome } } }
  }
}
"""


async def test_a_key_that_is_rotated_is_used_for_the_next_question(
    admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    async with byte_server(speaking([SECOND], 0)) as provider:
        config = await Administrator(admin).llm_config(
            f"Rotated {provider.port}", "OPENAI_COMPATIBLE", f"{provider.url}/v1", apiKey="sk-old"
        )
        chatbot = await Administrator(admin).chatbot_of_config(config)
        visitor = await visitor_of(chatbot)
        await asked(visitor, "Where is Zürich?")
        await done(admin, "updateLlmConfig", {"id": config, "apiKey": "sk-new"}, "llmConfig { id }")
        await asked(visitor, "And where is Bern?")
    keys = [request.headers["authorization"] for request in provider.requests]
    assert keys == ["Bearer sk-old", "Bearer sk-new"]
