"""The product itself, with a language model that answers at once and as long as it is told.

Everything else is real: the embedded database, visits, `ask` with its stored messages, the
pipeline, the event log, the schema with its permissions and masking, and the WebSocket.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from api.application import create_application
from api.lifespan import running
from api.logs import configure_logs
from api.routes.graphql import GraphQLEndpoint
from api.settings import Settings
from api.wiring import Wiring, process_name
from benchmarks.answer_types import WORDS
from documents.database.database import Database
from graphql_schema.context import Services
from services.answering.asking import Asking
from services.answering.generations import Generations
from services.answering.model_gates import ModelGates
from services.answering.model_route import ModelRoutes
from services.answering.pipeline import Pipeline
from services.answering.route_policy import STRICT
from services.answering.stopping import Stopping
from services.answering.thinking import Thinking
from services.knowledge.search import KnowledgeSearch
from services.llm.model import (
    LanguageModel,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelSettings,
    TextChunk,
)
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer

PATH = "/synthetic/graphql"
CHUNKS_PER_TURN = 32
MANY = 1_000_000
"""Answers at once: this measures how fast they are, not how many may be."""


class SyntheticModel:
    """Answers a question that is a number with so many chunks.

    A second number is the pause before each chunk in milliseconds.
    """

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Yield the chunks, and give the loop its turn as a provider's socket would."""
        chunks, pause_ms = map(int, f"{request.question} 0".split()[:2])
        for index in range(chunks):
            yield TextChunk(WORDS[index % len(WORDS)])
            if pause_ms or index % CHUNKS_PER_TURN == 0:
                await asyncio.sleep(pause_ms / 1000)
        yield ModelFinished("stop")


class SyntheticModels:
    """Makes a synthetic model of any settings."""

    def create(self, settings: ModelSettings) -> LanguageModel:  # noqa: ARG002
        """Return the model."""
        return SyntheticModel()


def synthetic_services(application: FastAPI) -> Services:
    """Return the running product's services, answering with the synthetic model."""
    wiring: Wiring = application.state.wiring
    owner = process_name()
    sealer = Sealer(DerivedKeys(secrets.token_urlsafe(32)))
    routes = ModelRoutes(SyntheticModels(), sealer, {})
    thinking = Thinking(routes, ModelGates(STRICT, application.state.database))
    pipeline = Pipeline(KnowledgeSearch(), thinking, wiring.hook_steps)
    generations = Generations(pipeline, wiring.event_log, owner, most=MANY)
    asking = Asking(application.state.database, owner, most_per_visitor=MANY)
    stopping = Stopping(generations)
    return replace(wiring.services, asking=asking, generations=generations, stopping=stopping)


async def let_demo_answer_anything(database: Database) -> None:
    """A strict chatbot would refuse a question that is a number, before any model is asked."""
    demo = {"embed_key": "demo"}
    answering = {"$set": {"published.knowledge_mode": "open"}}
    changed = await database.database["chatbots"].update_one(demo, answering)
    if not changed.matched_count:
        raise LookupError("there is no demo chatbot: set PARLANCE_DEMO=true")


@asynccontextmanager
async def running_with_synthetic_model(application: FastAPI) -> AsyncGenerator[None, None]:
    """Run the product, and beside its own endpoint one that answers synthetically."""
    async with running(application):
        await let_demo_answer_anything(application.state.database)
        wiring: Wiring = application.state.wiring
        services = synthetic_services(application)
        endpoint = GraphQLEndpoint(services, wiring.identify, wiring.origins, wiring.token_rounds)
        application.include_router(endpoint, prefix=PATH.removesuffix("/graphql"))
        yield


configure_logs(style="json", level="warning")
app = create_application(Settings())
app.router.lifespan_context = running_with_synthetic_model
