"""Hooks, their versions and what became of their runs."""

import json
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from documents.hook_versions import HookVersion as VersionDocument
from documents.hooks import Hook as HookDocument
from documents.tenancy import TenantScope
from graphql_schema.accounts.types import User, user_from
from graphql_schema.arguments import After, First
from graphql_schema.context import ParlanceInfo
from graphql_schema.enum_values import described
from graphql_schema.loading import OwnedId
from graphql_schema.node import Node, global_id
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    connection_of,
    forward_page,
    number_position,
)
from services.hooks.breaker import PAUSED, rests
from services.hooks.http_calls import CallTrace
from services.hooks.statistics import ErrorGroup, recent_errors, statistics_of
from services.hooks.testing import Tried

if TYPE_CHECKING:
    from graphql_schema.chatbots.types import Chatbot


@strawberry.enum(description="A function that a hook may define.")
class HookFunction(Enum):
    """Values are the names in the source."""

    BEFORE_LLM = described("before_llm", "Before knowledge is searched and the model is asked.")
    AFTER_LLM = described("after_llm", "When the model has said all.")
    ON_START = described("on_start", "With a conversation's first question, before BEFORE_LLM.")
    ON_END = described("on_end", "When a conversation was closed.")


@strawberry.enum(description="How a run ended.")
class HookVerdict(Enum):
    """Values are the sandbox's."""

    OK = described("ok", "As it should.")
    INVALID_CODE = described("invalid_code", "The source is not accepted; see `issues`.")
    RAISED = described("raised", "An exception that the code did not catch.")
    CPU_LIMIT = described("cpu_limit", "It computed for too long.")
    WALL_LIMIT = described("wall_limit", "It took too long.")
    MEMORY_LIMIT = described("memory_limit", "It used too much memory.")
    OUTPUT_LIMIT = described("output_limit", "It returned or printed too much.")
    BAD_RESULT = described("bad_result", "What it returned is not as documented.")
    SECURITY_VIOLATION = described(
        "security_violation", "It tried to break out. The hook is out of use until it is enabled."
    )
    SANDBOX_FAILED = described("sandbox_failed", "The server could not run it; not its fault.")


@strawberry.type(description="One thing that keeps a source from running.")
class HookIssue:
    """A mistake with its place."""

    line: int = strawberry.field(description="From 1.")
    column: int | None = strawberry.field(description="From 1, where it is known.")
    problem: str = strawberry.field(description="What is wrong.")
    hint: str | None = strawberry.field(description="What would be right.")


@strawberry.type(description="A version of a hook. Its source never changes.")
class HookVersion(Node):
    """A version."""

    number: int = strawberry.field(description="Counts from 1.")
    source: str = strawberry.field(description="Python, as docs/guide/hooks.md says.")
    note: str | None = strawberry.field(description="Why it was saved.")
    diff: str = strawberry.field(description="A unified diff to the version before.")
    created_at: datetime = strawberry.field(description="When it was saved.")
    valid: bool = strawberry.field(description="Whether the server's present rules accept it.")
    tested_at: datetime | None = strawberry.field(description="When a test of it passed last.")
    activated_at: datetime | None = strawberry.field(description="When it was last activated.")
    issues: list[HookIssue] = strawberry.field(description="What is wrong with it.")
    functions: list[HookFunction] = strawberry.field(description="What it defines.")
    document: strawberry.Private[VersionDocument]

    @strawberry.field(description="By whom; null for people who have left the client.")
    async def created_by(self, info: ParlanceInfo) -> User | None:
        if self.document.created_by is None:
            return None
        found = await info.context.loaders.user_by_id.load(self.document.created_by)
        person = await info.context.person()
        is_open = found is not None and (found.is_admin or person.knows(found))
        return user_from(person.shown(found)) if found is not None and is_open else None


@strawberry.type(description="How a hook has been doing for the last 7 days.")
class HookStats:
    """Figures."""

    calls: int = strawberry.field(description="Runs for visitors, counted to 100000.")
    failures: int = strawberry.field(description="Those whose verdict is not OK.")
    p50_ms: float | None = strawberry.field(
        description="Half of the newest 1000 runs took at most so long."
    )
    p99_ms: float | None = strawberry.field(description="Likewise 99 of 100.")


@strawberry.type(description="Runs that failed in the same way, of the last 7 days.")
class HookErrorGroup:
    """Failures."""

    verdict: HookVerdict = strawberry.field(description="How they ended.")
    problem: str = strawberry.field(description="What went wrong.")
    line: int | None = strawberry.field(description="The line of the source, from 1.")
    excerpt: str | None = strawberry.field(
        description="That line with its neighbours and a marker, of the newest one."
    )
    count: int = strawberry.field(description="How many.")
    last_at: datetime = strawberry.field(description="When it happened last.")


@strawberry.type(description="A chatbot's hook: the client's own code in each answer.")
class Hook(Node):
    """A hook."""

    enabled: bool = strawberry.field(description="Whether it runs for visitors.")
    required: bool = strawberry.field(
        description="Whether there is no answer when it fails. Otherwise answers go on without it."
    )
    disabled_reason: str | None = strawberry.field(description="Why it does not run now.")
    document: strawberry.Private[HookDocument]

    @strawberry.field(description="Whose it is.")
    async def chatbot(
        self, info: ParlanceInfo
    ) -> Annotated["Chatbot", strawberry.lazy("graphql_schema.chatbots.types")]:
        from graphql_schema.chatbots.types import chatbot_by_id  # noqa: PLC0415

        return await chatbot_by_id(info.context, self.document.client_id, self.document.chatbot_id)

    @strawberry.field(description="The version that runs; null until one is activated.")
    async def active(self, info: ParlanceInfo) -> HookVersion | None:
        if self.document.active_version_id is None:
            return None
        version = OwnedId(self.document.client_id, self.document.active_version_id)
        found = await info.context.loaders.hook_version_by_id.load(version)
        return version_from(found) if found else None

    @strawberry.field(description="How it has been doing.")
    async def stats(self) -> HookStats:
        found = await statistics_of(self.document)
        return HookStats(
            calls=found.calls, failures=found.failures, p50_ms=found.p50_ms, p99_ms=found.p99_ms
        )

    @strawberry.field(description="All versions, newest first.")
    async def versions(self, first: First = 20, after: After = None) -> Connection[HookVersion]:
        page = forward_page(first, after)
        versions = TenantScope.one(self.document.client_id).of(VersionDocument)
        own: dict[str, object] = {"chatbot_id": self.document.chatbot_id}
        older = {} if page.position is None else {"number": {"$lt": number_position(page.position)}}
        found = await versions.find(own | older, sort=[("number", -1)], limit=page.size + 1)
        return connection_of(
            found,
            page,
            lambda one: str(one.number),
            version_from,
            lambda: versions.count(own, limit=MAX_COUNT),
        )

    @strawberry.field(description="What went wrong in the last 7 days, the newest kind first.")
    async def recent_errors(self) -> list[HookErrorGroup]:
        return [_errors_from(one) for one in await recent_errors(self.document)]


@strawberry.type(description="A request that a hook made: no query, no headers, no body.")
class HttpTrace:
    """A request."""

    method: str = strawberry.field(description="GET or POST.")
    url: str = strawberry.field(description="Without its query.")
    status: int | None = strawberry.field(description="Of the reply, if there was one.")
    took_ms: float = strawberry.field(description="How long it took.")
    problem: str | None = strawberry.field(description="Why there was no reply.")


@strawberry.type(description="A dry run: what a function would do. Nothing of it was done.")
class HookRun:
    """A run."""

    verdict: HookVerdict = strawberry.field(description="How it ended.")
    problem: str | None = strawberry.field(description="What went wrong.")
    line: int | None = strawberry.field(description="The line of the source, from 1.")
    excerpt: str | None = strawberry.field(
        description="That line with its neighbours and a marker."
    )
    result_json: str | None = strawberry.field(description="What it returned, as JSON.")
    diff: str | None = strawberry.field(
        description="What became of the question or the answer; null when it stays as it is."
    )
    prints: str = strawberry.field(description="What it printed, at most 8 KB.")
    wall_ms: float = strawberry.field(description="How long it took.")
    cpu_ms: float = strawberry.field(description="How long it computed.")
    memory_mb: float = strawberry.field(description="The most memory that it had.")
    http: list[HttpTrace] = strawberry.field(description="The requests that it made.")


def hook_from(document: HookDocument) -> Hook:
    """The form of a hook that people see."""
    return Hook(
        id=global_id("Hook", document.id),
        enabled=document.enabled,
        required=document.required,
        disabled_reason=_why_not(document),
        document=document,
    )


def _why_not(document: HookDocument) -> str | None:
    if document.enabled and document.paused_until is not None and rests(document):
        return PAUSED.format(until=document.paused_until.strftime("%H:%M:%S"))
    return document.disabled_reason


def version_from(document: VersionDocument) -> HookVersion:
    """The form of a version that people see."""
    known = {one.value: one for one in HookFunction}
    return HookVersion(
        id=global_id("HookVersion", document.id),
        number=document.number,
        source=document.source,
        note=document.note,
        diff=document.diff,
        created_at=document.created_at,
        valid=document.valid,
        tested_at=document.tested_at,
        activated_at=document.activated_at,
        issues=[
            HookIssue(line=one.line, column=one.column, problem=one.problem, hint=one.hint)
            for one in document.issues
        ],
        functions=[known[one] for one in document.functions if one in known],
        document=document,
    )


def run_from(tried: Tried) -> HookRun:
    """The form of a dry run that people see."""
    outcome = tried.ran.outcome
    result = None if outcome.result is None else json.dumps(outcome.result, ensure_ascii=False)
    return HookRun(
        verdict=HookVerdict(outcome.verdict),
        problem=outcome.problem,
        line=outcome.line,
        excerpt=outcome.excerpt,
        result_json=result,
        diff=tried.diff,
        prints=outcome.prints,
        wall_ms=outcome.wall_ms,
        cpu_ms=outcome.cpu_ms,
        memory_mb=outcome.memory_mb,
        http=[_trace_from(one) for one in tried.ran.trace],
    )


def _trace_from(trace: CallTrace) -> HttpTrace:
    return HttpTrace(
        method=trace.method,
        url=trace.url,
        status=trace.status,
        took_ms=trace.took_ms,
        problem=trace.problem,
    )


def _errors_from(group: ErrorGroup) -> HookErrorGroup:
    return HookErrorGroup(
        verdict=HookVerdict(group.verdict),
        problem=group.problem,
        line=group.line,
        excerpt=group.excerpt,
        count=group.count,
        last_at=group.last_at,
    )
