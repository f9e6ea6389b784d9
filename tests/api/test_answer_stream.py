"""`ask`, `answer` and `stopAnswer` over a real socket, with a model that a test dictates to."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.administration import Administrator
from tests.answers import (
    ASK,
    EVENT_FIELDS,
    FOLLOW,
    STOP,
    asked,
    asking,
    followed,
    kinds_of,
    new_key,
    text_of,
)
from tests.graphql_clients import GraphQLClient, GraphQLFailure, Json
from tests.providers.byte_server import ByteServer
from tests.providers.dictation import FAILURE, Dictation, model_that_says, refusing

VisitorOf = Callable[..., Awaitable[GraphQLClient]]
PIECES = ["Rome ", "was not ", "built ", "in a ", "day."]
WHOLE = "".join(PIECES)
MESSAGES = """
query ($id: ID!) {
  messages(conversationId: $id) {
    totalCount
    edges { node { id seq sender status content questionId } }
  }
}
"""


@dataclass
class Rome:
    """A visitor of a chatbot whose model says, piece by piece, that Rome was not built in a day."""

    said: Dictation
    model: ByteServer
    visitor: GraphQLClient


@pytest_asyncio.fixture
async def rome(administrator: Administrator, visitor_of: VisitorOf) -> AsyncGenerator[Rome, None]:
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        embed_key = await administrator.chatbot_with_model(model.url)
        yield Rome(said, model, await visitor_of(embed_key))


@pytest.fixture
def administrator(admin: GraphQLClient) -> Administrator:
    return Administrator(admin)


async def read_until(stream: AsyncGenerator[Json, None], kind: str) -> list[Json]:
    """The events up to the first of a kind."""
    events = []
    async for event in stream:
        events.append(event)
        if event["__typename"] == kind:
            return events
    raise AssertionError(f"no {kind} in {events}")


async def test_events_are_numbered_from_one_without_a_gap(rome: Rome) -> None:
    rome.said.say_the_rest()
    events = await asked(rome.visitor, "Was Rome built in a day?")

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert kinds_of(events)[0] == "AnswerStarted"
    assert kinds_of(events)[-1] == "AnswerCompleted"
    assert text_of(events) == WHOLE == events[-1]["answer"]["content"]


async def test_text_arrives_while_the_model_still_writes(rome: Rome) -> None:
    async with aclosing(asking(rome.visitor, "Was Rome built in a day?")) as stream:
        rome.said.say_next()
        first = await read_until(stream, "AnswerDelta")
        assert first[-1]["text"] == PIECES[0]
        rome.said.say_the_rest()
        rest = [event async for event in stream]

    assert text_of(first + rest) == WHOLE


async def test_asking_again_with_the_key_never_asks_twice(rome: Rome) -> None:
    key = new_key()
    both = [asyncio.create_task(asked(rome.visitor, "Was it?", key)) for _ in range(5)]
    rome.said.say_the_rest()
    streams = await asyncio.gather(*both)
    again = await asked(rome.visitor, "Was it?", key)
    requests = len(rome.model.requests)

    assert requests == 1
    assert all(stream == streams[0] for stream in streams)
    assert again == streams[0]


async def test_the_key_with_another_text_is_a_conflict(visitor_of: VisitorOf) -> None:
    visitor, key = await visitor_of(), new_key()
    await asked(visitor, "What is Parlance?", key)

    events = await asked(visitor, "What is something else?", key)

    assert [event["code"] for event in events] == ["IDEMPOTENCY_CONFLICT"]
    assert events[0]["seq"] == 1


async def test_two_visitors_may_use_the_same_key(visitor_of: VisitorOf) -> None:
    key = new_key()
    one = await asked(await visitor_of(), "What is Parlance?", key)
    two = await asked(await visitor_of(), "Something else?", key)

    assert one[0]["messageId"] != two[0]["messageId"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 8_001])
async def test_an_unusable_question_is_refused_and_not_stored(
    visitor_of: VisitorOf, text: str
) -> None:
    visitor = await visitor_of()
    events = await asked(visitor, text)

    assert [event["code"] for event in events] == ["INVALID_INPUT"]
    found = await visitor.execute("{ conversations { totalCount } }")
    assert found["conversations"]["totalCount"] == 0


async def test_a_socket_cut_after_any_event_resumes_with_the_rest(rome: Rome) -> None:
    rome.said.say_the_rest()
    key = new_key()
    whole = await asked(rome.visitor, "Was it?", key)
    for cut in range(len(whole) + 1):
        before: list[Json] = []
        async with aclosing(asking(rome.visitor, "Was it?", key)) as stream:
            async for event in stream:
                if len(before) == cut:
                    break
                before.append(event)
        after = await asked(rome.visitor, "Was it?", key, afterSeq=cut)
        assert before + after == whole


async def test_a_follower_cut_off_while_the_model_writes_misses_nothing(rome: Rome) -> None:
    key, seen = new_key(), list[Json]()
    for _ in PIECES:
        rome.said.say_next()
        after = seen[-1]["seq"] if seen else 0
        async with aclosing(asking(rome.visitor, "Was it?", key, afterSeq=after)) as stream:
            seen += await read_until(stream, "AnswerDelta")
    rome.said.say_the_rest()
    seen += await asked(rome.visitor, "Was it?", key, afterSeq=seen[-1]["seq"])

    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    assert text_of(seen) == WHOLE


async def test_an_answer_goes_on_when_nobody_listens(rome: Rome) -> None:
    async with aclosing(asking(rome.visitor, "Was it?")) as stream:
        started = (await read_until(stream, "AnswerStarted"))[0]
    rome.said.say_the_rest()
    content = ""
    while content != WHOLE:
        found = await rome.visitor.execute(MESSAGES, {"id": started["conversationId"]})
        content = found["messages"]["edges"][1]["node"]["content"]

    assert found["messages"]["edges"][0]["node"]["content"] == "Was it?"


async def test_the_text_so_far_is_stored_while_the_model_writes(rome: Rome) -> None:
    async with aclosing(asking(rome.visitor, "Was it?")) as stream:
        rome.said.say_next()
        started = (await read_until(stream, "AnswerDelta"))[0]
        stored: Json = {"content": ""}
        while not stored["content"]:
            found = await rome.visitor.execute(MESSAGES, {"id": started["conversationId"]})
            stored = found["messages"]["edges"][1]["node"]
        assert stored["status"] == "STREAMING"
        assert stored["content"] == PIECES[0]
        rome.said.say_the_rest()
        await read_until(stream, "AnswerCompleted")


async def test_others_follow_by_the_message_from_any_event_on(
    rome: Rome, admin: GraphQLClient
) -> None:
    async with aclosing(asking(rome.visitor, "Was it?")) as stream:
        started = (await read_until(stream, "AnswerStarted"))[0]
        tab = asyncio.create_task(followed(rome.visitor, started["messageId"]))
        dashboard = asyncio.create_task(followed(admin, started["messageId"], after=3))
        rome.said.say_the_rest()
        asker = [started] + [event async for event in stream]

    assert await tab == asker
    assert await dashboard == asker[3:]


async def test_stopping_keeps_the_text_and_hangs_up_on_the_provider(rome: Rome) -> None:
    async with aclosing(asking(rome.visitor, "Was it?")) as stream:
        rome.said.say_next()
        events = await read_until(stream, "AnswerDelta")
        stopped = await rome.visitor.execute(STOP, {"id": events[0]["messageId"]})
        await asyncio.wait_for(rome.model.client_closed.wait(), 5)
        events += [event async for event in stream]
    again = await rome.visitor.execute(STOP, {"id": events[0]["messageId"]})

    assert stopped["stopAnswer"]["answer"]["status"] == "STOPPED"
    assert stopped["stopAnswer"]["answer"]["content"] == PIECES[0]
    assert again == stopped
    assert events[-1]["__typename"] == "AnswerCompleted"
    assert events[-1]["answer"]["status"] == "STOPPED"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


async def test_stopping_a_finished_answer_leaves_it_as_it_is(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    events = await asked(visitor, "What is Parlance?")

    stopped = await visitor.execute(STOP, {"id": events[0]["messageId"]})

    assert stopped["stopAnswer"]["answer"]["status"] == "COMPLETE"
    assert stopped["stopAnswer"]["answer"]["content"] == text_of(events)


async def test_a_provider_in_trouble_ends_in_a_sentence_for_the_visitor(
    administrator: Administrator, visitor_of: VisitorOf
) -> None:
    async with model_that_says(FAILURE) as model:
        visitor = await visitor_of(await administrator.chatbot_with_model(model.url))
        events = await asked(visitor, "Wurde Rom an einem Tag erbaut?")
        found = await visitor.execute(MESSAGES, {"id": events[0]["conversationId"]})

    assert events[-1]["code"] == "PROVIDER_FAILED"
    assert events[-1]["retryable"] is True
    assert "overloaded" not in events[-1]["text"]
    assert "versuchen Sie es" in events[-1]["text"]
    assert found["messages"]["edges"][1]["node"]["status"] == "FAILED"


async def test_a_refusal_of_the_providers_policy_asks_for_another_question(
    administrator: Administrator, visitor_of: VisitorOf
) -> None:
    async with model_that_says(refusing()) as model:
        visitor = await visitor_of(await administrator.chatbot_with_model(model.url))
        events = await asked(visitor, "Wurde Rom an einem Tag erbaut?")

    assert (events[-1]["code"], events[-1]["retryable"]) == ("BLOCKED", False)
    assert events[-1]["text"].startswith("Der Assistent kann diese Frage nicht beantworten.")


async def test_a_second_question_goes_on_in_the_conversation(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    first = await asked(visitor, "What is Parlance?")
    conversation = first[0]["conversationId"]

    await asked(visitor, "Where does the data live?", conversationId=conversation)

    found = (await visitor.execute(MESSAGES, {"id": conversation}))["messages"]
    assert [edge["node"]["seq"] for edge in found["edges"]] == [1, 2, 3, 4]
    assert [edge["node"]["sender"] for edge in found["edges"]] == ["VISITOR", "BOT"] * 2
    assert found["edges"][3]["node"]["questionId"] == found["edges"][2]["node"]["id"]


async def test_concurrent_questions_in_one_conversation_get_numbers_of_their_own(
    visitor_of: VisitorOf,
) -> None:
    visitor = await visitor_of()
    conversation = (await asked(visitor, "What is Parlance?"))[0]["conversationId"]

    many = (asked(visitor, f"Question {n}?", conversationId=conversation) for n in range(10))
    streams = await asyncio.gather(*many)

    assert all(stream[-1]["__typename"] == "AnswerCompleted" for stream in streams)
    found = (await visitor.execute(MESSAGES, {"id": conversation}))["messages"]
    assert found["totalCount"] == 22


async def test_another_visitors_conversation_and_answer_do_not_exist(
    visitor_of: VisitorOf,
) -> None:
    owner, other = await visitor_of(), await visitor_of()
    events = await asked(owner, "What is Parlance?")
    conversation, answer = events[0]["conversationId"], events[0]["messageId"]

    intrusion = await asked(other, "And?", conversationId=conversation)
    following = await followed(other, answer)
    stopped = await other.execute(STOP, {"id": answer})
    seen = await other.execute(
        "query ($id: ID!) { conversation(id: $id) { title } }", {"id": conversation}
    )

    assert [event["code"] for event in intrusion] == ["NOT_FOUND"]
    assert [event["code"] for event in following] == ["NOT_FOUND"]
    assert stopped["stopAnswer"]["code"] == "NOT_FOUND"
    assert seen["conversation"] is None
    with pytest.raises(GraphQLFailure) as failure:
        await other.execute(MESSAGES, {"id": conversation})
    assert failure.value.codes == ["NOT_FOUND"]


async def test_only_visitors_ask_and_only_somebody_follows(
    nobody: GraphQLClient, admin: GraphQLClient
) -> None:
    for caller, code in ((nobody, "UNAUTHENTICATED"), (admin, "FORBIDDEN")):
        with pytest.raises(GraphQLFailure) as failure:
            await asked(caller, "What is Parlance?")
        assert failure.value.codes == [code]
    with pytest.raises(GraphQLFailure) as failure:
        _ = [data async for data in nobody.subscribe(FOLLOW, {"id": "x", "after": 0})]
    assert failure.value.codes == ["UNAUTHENTICATED"]


ASK_ONCE = """
mutation ($input: AskInput!) {
  askOnce(input: $input) {
    __typename
    ... on AskOnceSuccess { conversationId questionId messageId }
    ... on UserError { code message path }
  }
}
"""
ANSWER_EVENTS = f"""
query ($id: ID!, $after: Int!, $wait: Int!) {{
  answerEvents(messageId: $id, afterSeq: $after, waitMs: $wait) {{ {EVENT_FIELDS} }}
}}
"""


async def polled(visitor: GraphQLClient, message_id: str) -> list[Json]:
    """All events of an answer by the long poll."""
    events: list[Json] = []
    while not events or events[-1]["__typename"] not in {"AnswerCompleted", "AnswerFailed"}:
        after = events[-1]["seq"] if events else 0
        given = {"id": message_id, "after": after, "wait": 5000}
        events += (await visitor.execute(ANSWER_EVENTS, given))["answerEvents"]
    return events


async def test_plain_posts_give_the_same_answer_as_the_stream(rome: Rome) -> None:
    given = {"text": "Was it?", "idempotencyKey": new_key()}
    once = (await rome.visitor.execute(ASK_ONCE, {"input": given}))["askOnce"]
    again = (await rome.visitor.execute(ASK_ONCE, {"input": given}))["askOnce"]
    polling = asyncio.create_task(polled(rome.visitor, once["messageId"]))
    rome.said.say_the_rest()
    by_post = await polling
    by_socket = await asked(rome.visitor, "Was it?", given["idempotencyKey"])

    assert once == again
    assert by_post == by_socket
    assert text_of(by_post) == WHOLE


async def test_a_poll_without_news_ends_empty(rome: Rome) -> None:
    given = {"text": "Was it?", "idempotencyKey": new_key()}
    once = (await rome.visitor.execute(ASK_ONCE, {"input": given}))["askOnce"]
    await rome.model.asked.wait()
    poll = {"id": once["messageId"], "after": 3, "wait": 50}
    nothing = await rome.visitor.execute(ANSWER_EVENTS, poll)
    rome.said.say_the_rest()

    assert nothing["answerEvents"] == []


async def test_refusals_of_ask_once_are_user_errors(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    empty = await visitor.execute(ASK_ONCE, {"input": {"text": "", "idempotencyKey": "a"}})
    foreign = {"text": "x", "idempotencyKey": "b", "conversationId": "unknown"}
    lost = await visitor.execute(ASK_ONCE, {"input": foreign})

    assert empty["askOnce"]["code"] == "INVALID_INPUT"
    assert empty["askOnce"]["path"] == ["input", "text"]
    assert lost["askOnce"]["code"] == "NOT_FOUND"


async def test_a_subscription_as_a_plain_post_is_told_where_to_go(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    given = {"input": {"text": "What is Parlance?", "idempotencyKey": new_key()}}
    response = await visitor.post(ASK, given)

    assert response.status_code == 400
    message = response.json()["errors"][0]["message"]
    assert "text/event-stream" in message
    assert "askOnce" in message


async def test_the_stream_comes_as_server_sent_events_too(visitor_of: VisitorOf) -> None:
    visitor, key = await visitor_of(), new_key()
    given = {"input": {"text": "What is Parlance?", "idempotencyKey": key}}
    by_events = [event["ask"] async for event in visitor.stream(ASK, given)]

    assert by_events == await asked(visitor, "What is Parlance?", key)


@pytest.mark.parametrize("after", [-1, 2**31 - 1])
async def test_a_number_that_no_event_can_have_is_refused(
    visitor_of: VisitorOf, after: int
) -> None:
    visitor = await visitor_of()
    for asking_again in (
        asked(visitor, "What is Parlance?", afterSeq=after),
        followed(visitor, "unknown", after),
    ):
        with pytest.raises(GraphQLFailure) as failure:
            await asking_again
        assert failure.value.codes == ["INVALID_INPUT"]


REGENERATE = """
mutation ($input: RegenerateAnswerInput!) {
  regenerateAnswer(input: $input) {
    __typename
    ... on RegenerateAnswerSuccess { conversationId questionId messageId }
    ... on UserError { code message path }
  }
}
"""


async def test_another_answer_is_made_beside_the_old_one_which_is_stopped(
    administrator: Administrator, visitor_of: VisitorOf
) -> None:
    first, second = Dictation(PIECES), Dictation(["Rome, ", "again."])
    async with model_that_says(first, second) as model:
        embed_key = await administrator.chatbot_with_model(model.url)
        visitor = await visitor_of(embed_key)
        stream = asking(visitor, "Was Rome built in a day?")
        first.say_next()
        old = (await read_until(stream, "AnswerDelta"))[0]

        second.say_the_rest()
        given = {"messageId": old["messageId"], "idempotencyKey": new_key()}
        made = (await visitor.execute(REGENERATE, {"input": given}))["regenerateAnswer"]
        rest = [event async for event in stream]
        await asyncio.wait_for(model.client_closed.wait(), 5)
        events = await followed(visitor, made["messageId"])

    assert rest[-1]["__typename"] == "AnswerCompleted"
    assert rest[-1]["answer"]["status"] == "STOPPED"
    assert made["questionId"] == old["questionId"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert text_of(events) == "Rome, again." == events[-1]["answer"]["content"]
    found = (await visitor.execute(MESSAGES, {"id": made["conversationId"]}))["messages"]
    contents = [edge["node"]["content"] for edge in found["edges"]]
    assert contents == ["Was Rome built in a day?", "Rome ", "Rome, again."]


async def test_what_cannot_be_made_once_more_is_told(visitor_of: VisitorOf) -> None:
    visitor, stranger = await visitor_of(), await visitor_of()
    key = new_key()
    old = (await asked(visitor, "When do you open?", key))[0]

    async def refused(caller: GraphQLClient, **given: str) -> Json:
        given = {"messageId": old["messageId"], "idempotencyKey": new_key(), **given}
        result: Json = (await caller.execute(REGENERATE, {"input": given}))["regenerateAnswer"]
        return result

    unknown = await refused(stranger)
    assert (unknown["code"], unknown["path"]) == ("NOT_FOUND", ["input", "messageId"])
    no_answer = await refused(visitor, messageId=old["questionId"])
    assert no_answer == unknown
    conflict = await refused(visitor, idempotencyKey=key)
    assert (conflict["__typename"], conflict["code"]) == ("RefusedError", "IDEMPOTENCY_CONFLICT")
    no_key = await refused(visitor, idempotencyKey="")
    assert (no_key["code"], no_key["path"]) == ("INVALID_INPUT", ["input", "idempotencyKey"])
    assert no_key["message"] == "needs between 1 and 200 characters"
