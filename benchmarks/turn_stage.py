"""A client with a chatbot and visitors on a real MongoDB, and turns as the server runs them.

No socket and no GraphQL: what is compared differs in nothing but the step between the prompt and
the model. The model speaks when it is asked, and counts how many ask it at a time.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Budget, Client
from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from services.answering.accepting import Asker
from services.answering.asking import Asking, Question
from services.answering.events import AnswerCompleted, AnswerDelta, AnswerFailed
from services.answering.following import Following
from services.answering.generations import Generations
from services.answering.hook_steps import HookSteps
from services.answering.memory_event_log import MemoryEventLog
from services.answering.model_gates import ModelGates
from services.answering.model_route import ModelRoutes
from services.answering.pipeline import Pipeline
from services.answering.route_policy import STRICT, RoutePolicy
from services.answering.thinking import Thinking
from services.hooks.http_calls import HookHttp
from services.hooks.running import HookRunner
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.secrets import HookSecrets
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
from services.visits.visitors import anonymous_visitor

CLIENT = "benchmark"
MODEL = "two-words"
MANY = 1_000_000
A_LOT = 10**14


@dataclass
class Provider:
    """A model that takes some time for an answer.

    Attributes:
        seconds: for each answer.
        most_at_once: how many it gave at a time.
    """

    seconds: float = 0.0
    now: int = 0
    most_at_once: int = 0

    def create(self, settings: ModelSettings) -> LanguageModel:
        """Return itself, and another one for another model."""
        return self if settings.model == MODEL else Provider(self.seconds)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:  # noqa: ARG002
        """Say two words."""
        self.now += 1
        self.most_at_once = max(self.now, self.most_at_once)
        try:
            yield TextChunk("Two ")
            await asyncio.sleep(self.seconds)
            yield TextChunk("words.")
            yield ModelFinished("stop", input_tokens=100, output_tokens=2)
        finally:
            self.now -= 1


@dataclass(frozen=True)
class Turn:
    """How one question went; times in seconds from asking on.

    Attributes:
        first_word_s: None: there was none.
        by: the config that answered.
        failure: why nobody did.
    """

    first_word_s: float | None
    whole_s: float
    by: PydanticObjectId | None = None
    failure: str | None = None


@dataclass
class Stage:
    """What turns need."""

    database: Database
    asker: Asker
    config: LlmConfig
    provider: Provider = field(default_factory=Provider)

    def routes(self) -> ModelRoutes:
        """The routes to the provider."""
        return ModelRoutes(self.provider, Sealer(DerivedKeys(secrets.token_urlsafe(32))), {})

    def server(
        self,
        thinking: Thinking | None = None,
        policy: RoutePolicy = STRICT,
        sandbox: Sandbox | None = None,
    ) -> "Turns":
        """A server process as far as answering is concerned."""
        thinking = thinking or Thinking(self.routes(), ModelGates(policy, self.database), policy)
        return Turns(self, thinking, sandbox)


def hook_runner_of(database: Database, sandbox: Sandbox | None = None) -> HookRunner:
    """What runs hooks, if there is a sandbox that is open."""
    http = HookHttp(HookSecrets(database, Sealer(DerivedKeys(secrets.token_urlsafe(32)))))
    return HookRunner(database, sandbox or Sandbox(), http)


class Turns:
    """Asks, and reads the answer."""

    def __init__(self, stage: Stage, thinking: Thinking, sandbox: Sandbox | None) -> None:
        name = f"benchmark-{uuid4().hex[:8]}"
        self._stage = stage
        self._log = MemoryEventLog()
        hooks = HookSteps(stage.database, hook_runner_of(stage.database, sandbox))
        pipeline = Pipeline(KnowledgeSearch(), thinking, hooks)
        self._generations = Generations(pipeline, self._log, name, most=MANY)
        self._asking = Asking(stage.database, name, most_per_visitor=MANY)
        self._following = Following(self._log)

    async def one(self) -> Turn:
        """Ask a question of a visitor of its own, up to the last event."""
        visitor = await anonymous_visitor(CLIENT, None)
        asker = Asker(CLIENT, self._stage.asker.chatbot_id, visitor.id)
        began, first_word_s = time.perf_counter(), None
        question = Question(asker, None, "How much is the fish?", uuid4().hex)
        asked = await self._asking.ask(question, _let_in)
        await self._generations.start(asked.answer)
        events = self._following.follow(asker.scope, asked.answer.id, 0)
        async with aclosing(events) as batches:
            async for batch in batches:
                for event in batch:
                    if isinstance(event, AnswerDelta) and first_word_s is None:
                        first_word_s = time.perf_counter() - began
                    if isinstance(event, AnswerCompleted | AnswerFailed):
                        failure = event.code if isinstance(event, AnswerFailed) else None
                        whole_s = time.perf_counter() - began
                        break
        stored = await asker.scope.of(type(asked.answer)).get(asked.answer.id)
        return Turn(first_word_s, whole_s, stored.llm_config_id if stored else None, failure)

    async def close(self) -> None:
        """Let what is on its way come to its end."""
        await self._generations.drain(10)


async def _let_in() -> None:
    """Every question."""


@asynccontextmanager
async def running_stage() -> AsyncGenerator[Stage, None]:
    """A stage with an embedded MongoDB of its own, and a client that has a quota and a budget."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=Path(folder)))
        try:
            await prepare_documents(database, DOCUMENT_CLASSES)
            yield await _furnished(database)
        finally:
            await database.close()


async def _furnished(database: Database) -> Stage:
    scope = TenantScope.one(CLIENT)
    client = Client(
        client_id=CLIENT,
        name="Benchmark",
        monthly_quota=MANY,
        budget=Budget(micros=A_LOT, currency="USD"),
    )
    await scope.of(Client).insert(client)
    config = LlmConfig(
        client_id=CLIENT,
        name="Model",
        provider="openai_compatible",
        model=MODEL,
        max_concurrency=10_000,
        **{f"{kind}_cost_per_1k_tokens": 1 for kind in ("input", "output")},
    )
    await config.insert()
    settings = ChatbotSettings(name="Helper", knowledge_mode="open", default_llm_id=config.id)
    chatbot = Chatbot(
        client_id=CLIENT,
        embed_key=uuid4().hex,
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    await scope.of(Chatbot).insert(chatbot)
    return Stage(database, Asker(CLIENT, chatbot.id, PydanticObjectId()), config)
