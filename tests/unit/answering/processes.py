"""Server processes as far as answering is concerned: several may share the tests' database.

Each has its own name, its own event log and its own models, and knows of the others only through
the database, as workers on different machines do.
"""

import asyncio
import os
import secrets
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from beanie import PydanticObjectId

from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.llm_configs import LlmConfig
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import Outcome, WriteSession
from services.answering.accepting import Asker, NewAnswer
from services.answering.asking import Asking, Question
from services.answering.events import (
    AnswerCompleted,
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerRestarted,
)
from services.answering.following import Following
from services.answering.generations import Generations
from services.answering.hook_steps import HookSteps
from services.answering.limits import Limits
from services.answering.memory_event_log import MemoryEventLog
from services.answering.model_gates import ModelGates
from services.answering.model_route import ModelRoutes
from services.answering.pipeline import Pipeline
from services.answering.recovery import Recovery
from services.answering.regenerating import OnceMore, Regenerating
from services.answering.rewriting import Rewriting
from services.answering.route_policy import STRICT, RoutePolicy
from services.answering.shared_event_log import SharedEventLog
from services.answering.stopping import Stopping
from services.answering.thinking import Thinking
from services.hooks.http_calls import HookHttp
from services.hooks.running import HookRunner
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.secrets import HookSecrets
from services.knowledge.search import KnowledgeSearch
from services.llm.model import LanguageModel
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer
from services.visits.visitors import anonymous_visitor
from tests.unit.answering.scripted_models import Models

PATIENCE_SECONDS = 10.0
QUICK = Limits(
    store_interval_s=0.03,
    lease_s=0.5,
    look_interval_s=0.02,
    closing_s=0.1,
    hand_over_s=2.0,
    takeover_s=8.0,
)
MANY = 1_000
"""Answers that no test has at once."""

SEALER = Sealer(DerivedKeys(secrets.token_urlsafe(32)))


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks a chatbot of a client of the test's own."""

    client_id: str
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId

    @property
    def scope(self) -> TenantScope:
        return TenantScope.one(self.client_id)

    def question(
        self,
        text: str = "Was it?",
        key: str | None = None,
        in_: PydanticObjectId | None = None,
    ) -> Question:
        return Question(self.asker, in_, text, uuid4().hex if key is None else key)

    @property
    def asker(self) -> Asker:
        return Asker(self.client_id, self.chatbot_id, self.visitor_id)

    def once_more(self, answer_id: PydanticObjectId, key: str | None = None) -> OnceMore:
        return OnceMore(self.asker, answer_id, uuid4().hex if key is None else key)

    async def message(self, answer_id: PydanticObjectId) -> Message:
        found = await self.scope.of(Message).get(answer_id)
        assert found is not None
        return found

    async def conversation(self, conversation_id: PydanticObjectId) -> Conversation:
        found = await self.scope.of(Conversation).get(conversation_id)
        assert found is not None
        return found


async def new_visitor() -> Visitor:
    """A visitor of a new chatbot of a new client."""
    client_id = f"client-{uuid4().hex[:8]}"
    scope = TenantScope.one(client_id)
    await scope.of(Client).insert(Client(client_id=client_id, name="A client"))
    config = LlmConfig(client_id=client_id, name="Scripted", provider="local", model="scripted")
    await config.insert()
    settings = ChatbotSettings(name="Helper", knowledge_mode="open", default_llm_id=config.id)
    chatbot = Chatbot(
        client_id=client_id,
        embed_key=uuid4().hex,
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    await scope.of(Chatbot).insert(chatbot)
    stranger = await anonymous_visitor(client_id, None)
    return Visitor(client_id, chatbot.id, stranger.id)


def hook_steps_of(
    database: Database, sandbox: Sandbox, allowed_addresses: tuple[str, ...] = ()
) -> HookSteps:
    """What runs the hooks of a process; with a sandbox that is closed, none."""
    http = HookHttp(HookSecrets(database, SEALER), allowed_addresses)
    return HookSteps(database, HookRunner(database, sandbox, http))


class Process:
    """One server process."""

    def __init__(
        self,
        database: Database,
        *scripts: LanguageModel,
        limits: Limits = QUICK,
        most: int = MANY,
        most_per_visitor: int = MANY,
        event_log: MemoryEventLog | SharedEventLog | None = None,
        policy: RoutePolicy = STRICT,
        hooks: HookSteps | None = None,
    ) -> None:
        self.name = f"process-{uuid4().hex[:8]}"
        self.models = Models(*scripts)
        self.log = event_log or MemoryEventLog()
        gates = ModelGates(policy, database)
        routes = ModelRoutes(self.models, SEALER, {})
        thinking = Thinking(routes, gates, policy)
        hooks = hooks or hook_steps_of(database, Sandbox())
        rewriting = Rewriting(routes, gates)
        pipeline = Pipeline(KnowledgeSearch(), thinking, hooks, rewriting)
        self.generations = Generations(pipeline, self.log, self.name, limits, most=most)
        self.asking = Asking(database, self.name, limits, most_per_visitor=most_per_visitor)
        self.following = Following(self.log, limits)
        self.stopping = Stopping(self.generations, limits)
        self.regenerating = Regenerating(
            database, self.stopping, self.name, limits, most_per_visitor=most_per_visitor
        )
        self.recovery = Recovery(self.generations, self.log, self.name, limits)

    @property
    def memory(self) -> MemoryEventLog:
        """The logs that this process holds itself."""
        return self.log._local if isinstance(self.log, SharedEventLog) else self.log

    async def store(self, question: Question) -> NewAnswer:
        """Accept a question without working on it; nobody is turned away."""
        return await self.asking.ask(question, admit)

    async def ask(self, visitor: Visitor, question: Question | None = None) -> NewAnswer:
        """What the API does with a question."""
        asked = await self.store(question or visitor.question())
        if asked.is_new:
            await self.generations.start(asked.answer)
        return asked

    async def answer_again(
        self, visitor: Visitor, answer_id: PydanticObjectId, key: str | None = None
    ) -> NewAnswer:
        """What the API does with the wish for another answer."""
        made = await self.regenerating.regenerate(visitor.once_more(answer_id, key), admit)
        if made.is_new:
            await self.generations.start(made.answer)
        return made

    async def follow(
        self, visitor: Visitor, answer_id: PydanticObjectId, after: int = 0
    ) -> list[AnswerEvent]:
        """All events after a number; it fails rather than hang."""
        events: list[AnswerEvent] = []
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            aclosing(self.following.follow(visitor.scope, answer_id, after)) as batches,
        ):
            async for batch in batches:
                events += batch
        return events

    async def answer(self, visitor: Visitor, text: str = "Was it?") -> list[AnswerEvent]:
        """All events of a new answer."""
        asked = await self.ask(visitor, visitor.question(text))
        return await self.follow(visitor, asked.answer.id)

    def die(self) -> None:
        """Vanish as a killed process does: nothing more is written."""
        for _, task in self.generations._running.values():
            task.cancel()


class Patient:
    """Transactions that meet others wait for a minute: a busy machine decides nothing here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        return await self._database.run_transaction(callback, deadline_s=60)


def with_limits(**changed: float) -> Limits:
    return replace(QUICK, **changed)  # type: ignore[arg-type]


def text_of(events: Sequence[AnswerEvent]) -> str:
    """The deltas since the last restart, joined."""
    text = ""
    for event in events:
        if isinstance(event, AnswerRestarted):
            text = ""
        elif isinstance(event, AnswerDelta):
            text += event.text
    return text


def check_numbering(events: Sequence[AnswerEvent], after: int = 0) -> None:
    """No gap but before a restart or an interruption, nothing twice, one end, at the end."""
    for event in events:
        jumps = isinstance(event, AnswerRestarted) or (
            isinstance(event, AnswerFailed) and event.code == "interrupted"
        )
        assert event.seq > after if jumps else event.seq == after + 1, events
        after = event.seq
    endings = [isinstance(event, AnswerCompleted | AnswerFailed) for event in events]
    assert endings == [False] * (len(events) - 1) + [True], events


async def taken_over(process: Process) -> None:
    """Wait until a process has taken an answer over.

    A write of the process before, on its way when that died, may renew the lease once more.
    """
    await until(process.recovery.take_over_one)


async def until(
    condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until something is so in the database."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - MongoDB has no event for it
            await asyncio.sleep(0.005)


@contextmanager
def stopped_mongod(database: Database) -> Iterator[None]:
    """The database is there and does not answer, as behind a network that lost its way."""
    assert database.mongod_pid is not None
    os.kill(database.mongod_pid, signal.SIGSTOP)
    try:
        while not _has_stopped(database.mongod_pid):
            os.sched_yield()
        yield
    finally:
        os.kill(database.mongod_pid, signal.SIGCONT)


def _has_stopped(pid: int) -> bool:
    """Whether every thread has; the signal reaches them a little later."""
    states = (path.read_text().rpartition(")")[2].split()[0] for path in _threads(pid))
    return all(state == "T" for state in states)


def _threads(pid: int) -> Iterator[Path]:
    return Path(f"/proc/{pid}/task").glob("*/stat")


async def admit() -> None:
    """Let every question in."""
