"""Baseline: a chatbot as a tutorial would write it, Strawberry's defaults over LangChain's.

Nobody signs in, nothing is stored, numbered, limited or resumed.
"""

import os
from collections.abc import AsyncGenerator

import strawberry
from fastapi import FastAPI
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from strawberry.fastapi import GraphQLRouter

from benchmarks.answer_types import (
    EVENT_TYPES,
    AnswerCompleted,
    AnswerDelta,
    AnswerEvent,
    AnswerStarted,
    AskInput,
    Message,
    MessageStatus,
    Query,
)

PROVIDER = "BENCHMARK_PROVIDER"
"""The variable with the provider's base URL."""


@strawberry.type
class Subscription:
    """The one field that is measured."""

    @strawberry.subscription
    async def ask(self, input: AskInput) -> AsyncGenerator[AnswerEvent, None]:  # noqa: A002
        """Answer with what the model says; the question is the model's name."""
        model = ChatOpenAI(
            model=input.text, base_url=os.environ[PROVIDER], api_key=SecretStr("unused")
        )
        conversation, question, message = (strawberry.ID(each) for each in ("c1", "q1", "m1"))
        yield AnswerStarted(
            seq=1, conversation_id=conversation, question_id=question, message_id=message
        )
        seq, text = 1, ""
        async for chunk in model.astream([("user", "Where is it?")]):
            if chunk.text:
                seq, text = seq + 1, text + chunk.text
                yield AnswerDelta(seq=seq, text=chunk.text)
        answer = Message(id=message, content=text, status=MessageStatus.COMPLETE, citations=[])
        yield AnswerCompleted(seq=seq + 1, answer=answer)


schema = strawberry.Schema(query=Query, subscription=Subscription, types=EVENT_TYPES)
app = FastAPI()
app.include_router(GraphQLRouter(schema), prefix="/graphql")
