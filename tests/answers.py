"""Asking and following in tests, and what the events of a stream amount to."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from tests.graphql_clients import GraphQLClient, Json

EVENT_FIELDS = """
    __typename seq
    ... on AnswerStarted { conversationId questionId messageId }
    ... on AnswerStep { step label }
    ... on AnswerDelta { text }
    ... on AnswerRestarted { reason }
    ... on AnswerFailed { code text retryable }
    ... on AnswerCompleted {
      answer {
        id status content
        citations { number sourceTitle quote startOffset endOffset }
      }
    }
"""
ASK = f"subscription ($input: AskInput!) {{ ask(input: $input) {{ {EVENT_FIELDS} }} }}"
FOLLOW = f"""
subscription ($id: ID!, $after: Int!) {{
  answer(messageId: $id, afterSeq: $after) {{ {EVENT_FIELDS} }}
}}
"""
STOP = """
mutation ($id: ID!) {
  stopAnswer(input: {messageId: $id}) {
    __typename
    ... on StopAnswerSuccess { answer { id status content } }
    ... on UserError { code message }
  }
}
"""


def new_key() -> str:
    """An idempotency key that nobody used before."""
    return secrets.token_hex(8)


async def asking(
    visitor: GraphQLClient, text: str, key: str | None = None, **more: object
) -> AsyncGenerator[Json, None]:
    """The events of `ask`, one by one, on a socket of its own."""
    given = {"text": text, "idempotencyKey": key or new_key(), **more}
    async with aclosing(visitor.subscribe(ASK, {"input": given})) as stream:
        async for data in stream:
            yield data["ask"]


async def asked(
    visitor: GraphQLClient, text: str, key: str | None = None, **more: object
) -> list[Json]:
    """All events of `ask`."""
    return [event async for event in asking(visitor, text, key, **more)]


async def followed(caller: GraphQLClient, message_id: str, after: int = 0) -> list[Json]:
    """All events of `answer` after a number."""
    stream = caller.subscribe(FOLLOW, {"id": message_id, "after": after})
    return [data["answer"] async for data in stream]


def text_of(events: Sequence[Json]) -> str:
    """The deltas since the last restart, joined."""
    text = ""
    for event in events:
        if event["__typename"] == "AnswerRestarted":
            text = ""
        elif event["__typename"] == "AnswerDelta":
            text += event["text"]
    return text


def kinds_of(events: Sequence[Json]) -> list[str]:
    """The names of the events' types without steps."""
    return [one["__typename"] for one in events if one["__typename"] != "AnswerStep"]
