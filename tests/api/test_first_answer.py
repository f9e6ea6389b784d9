"""The thinnest line through the product: a visitor asks the demo chatbot and gets an answer."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from tests.graphql_clients import GraphQLClient

ASK = """
subscription ($input: AskInput!) {
  ask(input: $input) {
    __typename seq
    ... on AnswerStarted { conversationId questionId messageId }
    ... on AnswerDelta { text }
    ... on AnswerRestarted { reason }
    ... on AnswerFailed { code text retryable }
    ... on AnswerCompleted {
      answer { status content citations { number sourceTitle quote startOffset endOffset } }
    }
  }
}
"""
VisitorOf = Callable[..., Awaitable[GraphQLClient]]


async def asked(visitor: GraphQLClient, text: str, **more: Any) -> list[dict[str, Any]]:
    given = {"text": text, "idempotencyKey": secrets.token_hex(8), **more}
    return [data["ask"] async for data in visitor.subscribe(ASK, {"input": given})]


async def test_a_visitor_gets_a_cited_answer_from_the_demo_chatbot(visitor_of: VisitorOf) -> None:
    events = await asked(await visitor_of(), "What happens when the connection drops?")

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["__typename"] == "AnswerStarted"
    answer = events[-1]["answer"]
    assert answer["status"] == "COMPLETE"
    text = "".join(event["text"] for event in events if event["__typename"] == "AnswerDelta")
    assert answer["content"] == text
    assert answer["citations"][0]["sourceTitle"] == "About Parlance"
    assert answer["citations"][0]["quote"] in text


async def test_a_question_about_nothing_known_is_answered_honestly(visitor_of: VisitorOf) -> None:
    events = await asked(await visitor_of(), "Wie hoch ist der Eiffelturm?")

    answer = events[-1]["answer"]
    assert answer["citations"] == []
    assert "nichts gefunden" in answer["content"]
