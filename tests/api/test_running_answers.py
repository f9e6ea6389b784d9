"""How many answers may be on their way at once, as visitors meet it."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from documents.base import utc_now
from tests.administration import Administrator
from tests.answers import ASK, STOP, asked, asking, new_key
from tests.api.operations import Json
from tests.conftest import START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until

ASK_ONCE = """
mutation ($input: AskInput!) {
  askOnce(input: $input) {
    __typename
    ... on AskOnceSuccess { messageId }
    ... on RateLimitedError { code message path retryAt }
  }
}
"""
REFUSAL = """
subscription ($input: AskInput!) {
  ask(input: $input) { __typename seq ... on AnswerFailed { code text retryable retryAt } }
}
"""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess, None, None]:
    """A server that works on two answers at once, and on one for a visitor."""
    process = ServerProcess(
        tmp_path_factory.mktemp("narrow"),
        PARLANCE_ANSWERS_PER_VISITOR="1",
        PARLANCE_ANSWERS_PER_PROCESS="2",
    )
    process.start()
    yield process
    process.stop()


@asynccontextmanager
async def visitor_at(server: ServerProcess, embed_key: str) -> AsyncGenerator[GraphQLClient, None]:
    visitor = GraphQLClient(server.url, origin=server.url)
    started = (await visitor.execute(START_VISIT, {"key": embed_key}))["startVisit"]
    visitor.token = started["widgetToken"]
    try:
        yield visitor
    finally:
        await visitor.close()


@pytest_asyncio.fixture
async def slow(narrow: ServerProcess) -> AsyncGenerator[tuple[str, Dictation], None]:
    """The embed key of a chatbot whose model waits for a word of the test's."""
    said = Dictation(["Rome"])
    admin = await signed_in(narrow.url, narrow.admin_email, narrow.admin_password)
    async with model_that_says(said) as model:
        yield await Administrator(admin).chatbot_with_model(model.url), said
        said.say_the_rest()
    await admin.close()


async def refusal(visitor: GraphQLClient) -> Json:
    """What a question that is refused gets."""
    given = {"text": "Und wann?", "idempotencyKey": new_key()}
    events: list[Json] = [
        data["ask"] async for data in visitor.subscribe(REFUSAL, {"input": given})
    ]
    assert [one["__typename"] for one in events] == ["AnswerFailed"], events
    return events[0]


def soon(retry_at: str) -> bool:
    return timedelta(0) < datetime.fromisoformat(retry_at) - utc_now() <= timedelta(seconds=5)


async def test_a_visitor_with_an_answer_on_its_way_waits_for_it(
    narrow: ServerProcess, slow: tuple[str, Dictation]
) -> None:
    embed_key, _ = slow
    async with visitor_at(narrow, embed_key) as visitor:
        key = new_key()
        async with aclosing(asking(visitor, "Was it?", key)) as stream:
            started = await anext(stream)
            failed = await refusal(visitor)
            assert (failed["code"], failed["retryable"]) == ("RATE_LIMITED", True)
            assert failed["text"].startswith("Ihre anderen Fragen werden noch beantwortet.")
            assert soon(failed["retryAt"])
            french = {"text": "?!", "idempotencyKey": new_key(), "page": {"language": "fr"}}
            once = (await visitor.execute(ASK_ONCE, {"input": french}))["askOnce"]
            assert (once["code"], once["path"]) == ("RATE_LIMITED", [])
            assert once["message"].startswith("La réponse à vos autres questions")
            assert soon(once["retryAt"])
            same = {"text": "Was it?", "idempotencyKey": key}
            again = (await visitor.execute(ASK_ONCE, {"input": same}))["askOnce"]
            assert again["messageId"] == started["messageId"], "the same question is no other"
            await visitor.execute(STOP, {"id": started["messageId"]})
        assert (await asked(visitor, "Und jetzt?"))[0]["__typename"] == "AnswerStarted"


async def test_a_process_with_as_many_answers_as_it_may_says_that_it_is_busy(
    narrow: ServerProcess, slow: tuple[str, Dictation]
) -> None:
    embed_key, said = slow
    async with (
        visitor_at(narrow, embed_key) as one,
        visitor_at(narrow, embed_key) as other,
        visitor_at(narrow, embed_key) as third,
    ):
        given = {"text": "Was it?", "idempotencyKey": new_key()}
        async with (
            aclosing(one.subscribe(ASK, {"input": given})) as first,
            aclosing(other.subscribe(ASK, {"input": given})) as second,
        ):
            await asyncio.gather(anext(first), anext(second))
            failed = await refusal(third)
            assert (failed["code"], failed["seq"]) == ("RATE_LIMITED", 1)
            assert failed["text"].startswith("Der Assistent hat gerade sehr viel zu tun.")
            assert soon(failed["retryAt"])
            stored = await third.execute("{ conversations { totalCount } }")
            assert stored["conversations"]["totalCount"] == 0
            said.say_the_rest()
            for stream in (first, second):
                async for _ in stream:
                    pass

        # A place is free when the end was told to everybody, a moment after the follower has it.
        async def is_taken() -> bool:
            events = await asked(third, "Und jetzt?")
            return bool(events[0]["__typename"] == "AnswerStarted")

        await until(is_taken)


async def test_of_more_questions_at_once_than_a_process_has_places_exactly_so_many_run(
    narrow: ServerProcess, slow: tuple[str, Dictation]
) -> None:
    embed_key, said = slow
    async with AsyncExitStack() as visitors:
        asking = [
            (await visitors.enter_async_context(visitor_at(narrow, embed_key))).execute(
                ASK_ONCE, {"input": {"text": "Was it?", "idempotencyKey": new_key()}}
            )
            for _ in range(5)
        ]
        outcomes = [data["askOnce"]["__typename"] for data in await asyncio.gather(*asking)]
        assert sorted(outcomes) == ["AskOnceSuccess"] * 2 + ["RateLimitedError"] * 3
        said.say_the_rest()
