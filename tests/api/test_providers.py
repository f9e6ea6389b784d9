"""The three wire formats, from an admin's config to a visitor's answer."""

from collections.abc import Awaitable, Callable, Generator

import pytest

from tests.administration import Administrator
from tests.answers import asked, text_of
from tests.graphql_clients import GraphQLClient
from tests.providers.aimock import Aimock, running_aimock
from tests.server_process import ServerProcess

VisitorOf = Callable[..., Awaitable[GraphQLClient]]
PROVIDERS = ["openai_compatible", "anthropic", "ollama"]
KEY = "sk-a-key-that-must-not-show"
MESSAGES = """
query ($id: ID!) {
  messages(conversationId: $id) {
    edges { node { status llm { name } inputTokens outputTokens cost { micros } firstTokenMs } }
  }
}
"""


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Generator[Aimock, None, None]:
    with running_aimock(tmp_path_factory.mktemp("aimock")) as mock:
        yield mock


@pytest.fixture
async def told(
    aimock: Aimock, admin: GraphQLClient, visitor_of: VisitorOf
) -> Callable[[str], Awaitable[GraphQLClient]]:
    """A visitor of a chatbot that asks aimock in a provider's format."""
    aimock.reset()

    async def make(provider: str) -> GraphQLClient:
        address = aimock.address_for(provider)
        chatbot = await Administrator(admin).chatbot_asking(
            provider.upper(),
            address,
            apiKey=KEY,
            inputCostPer1kTokens="0.5",
            outputCostPer1kTokens="1.5",
            firstTokenTimeoutMs=2000,
        )
        return await visitor_of(chatbot)

    return make


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_streams_and_is_accounted_for(
    provider: str,
    aimock: Aimock,
    told: Callable[[str], Awaitable[GraphQLClient]],
    admin: GraphQLClient,
    server: ServerProcess,
) -> None:
    content = "Zürich liegt am See — 苏黎世 🏔. " * 5
    aimock.says("Zürich", content, latency=50)  # ms: what comes at once is one event

    events = await asked(await told(provider), "Wo liegt Zürich?")
    stored = await admin.execute(MESSAGES, {"id": events[0]["conversationId"]})

    assert text_of(events) == content == events[-1]["answer"]["content"]
    assert sum(event["__typename"] == "AnswerDelta" for event in events) > 1
    answer = stored["messages"]["edges"][1]["node"]
    assert answer["status"] == "COMPLETE"
    assert answer["llm"]["name"].startswith("Chatbot")
    assert answer["firstTokenMs"] >= 0
    if answer["inputTokens"] is not None:
        micros = answer["inputTokens"] * 500 + answer["outputTokens"] * 1500
        assert answer["cost"]["micros"] == micros
    assert KEY not in server.log


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_refusal_is_a_sentence_and_shows_nothing_of_the_provider(
    provider: str,
    status: int,
    aimock: Aimock,
    told: Callable[[str], Awaitable[GraphQLClient]],
    server: ServerProcess,
) -> None:
    aimock.fails("Zürich", status, f"secret detail about {KEY}")

    events = await asked(await told(provider), "Wo liegt Zürich?")

    assert events[-1]["__typename"] == "AnswerFailed"
    assert events[-1]["code"] == "PROVIDER_FAILED"
    assert events[-1]["retryable"] is (status != 401), "a bad key does not mend itself"
    assert "secret detail" not in events[-1]["text"]
    assert KEY not in server.log


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_that_falls_silent_ends_in_a_failure(
    provider: str, aimock: Aimock, told: Callable[[str], Awaitable[GraphQLClient]]
) -> None:
    aimock.says("Zürich", "Too late.", streamingProfile={"ttft": 30_000})

    events = await asked(await told(provider), "Wo liegt Zürich?")

    assert events[-1]["code"] == "PROVIDER_FAILED"
    assert events[-1]["retryable"] is True
