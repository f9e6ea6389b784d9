"""The thinnest line through the product: a visitor asks the demo chatbot and gets an answer."""

from collections.abc import Awaitable, Callable

from tests.answers import asked, text_of
from tests.graphql_clients import GraphQLClient

VisitorOf = Callable[..., Awaitable[GraphQLClient]]


async def test_a_visitor_gets_a_cited_answer_from_the_demo_chatbot(visitor_of: VisitorOf) -> None:
    events = await asked(await visitor_of(), "What happens when the connection drops?")

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["__typename"] == "AnswerStarted"
    answer = events[-1]["answer"]
    assert answer["status"] == "COMPLETE"
    assert answer["content"] == text_of(events)
    assert answer["citations"][0]["sourceTitle"] == "About Parlance"
    assert answer["citations"][0]["quote"] in answer["content"]


async def test_a_question_about_nothing_known_is_answered_honestly(visitor_of: VisitorOf) -> None:
    events = await asked(await visitor_of(), "Wie hoch ist der Eiffelturm?")

    answer = events[-1]["answer"]
    assert answer["citations"] == []
    assert "nichts gefunden" in answer["content"]
