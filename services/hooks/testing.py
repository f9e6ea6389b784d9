"""Dry runs: somebody who writes a hook sees what it would do, and nothing happens.

The code runs as it would for a visitor, in the same sandbox, and its requests are really made; what
it gives back is checked and shown, not applied. A run that ends well is the test that a version
must pass before it is put to use.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.hook_states import HookState
from documents.hook_versions import HookVersion
from documents.ids import PydanticObjectId
from documents.llm_configs import visible_names
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from documents.visitors import Visitor
from services.audit.audit_log import record_about
from services.field_checks import FieldChecks
from services.hooks.interface import FunctionName
from services.hooks.results import NOTHING
from services.hooks.running import HookRunner, Ran, spoilt
from services.hooks.sandbox.calls import NotCheckedError, Outcome
from services.hooks.sandbox.inside.source_lines import lines_of
from services.hooks.telling import MOST_MESSAGES, context_of
from services.hooks.versions import unavailable, unified
from services.languages.detection import detect_language
from services.refusals import UnknownTargetError

SAMPLE_ANSWER = "We are open from nine to five. [1]"
MAX_QUESTION_CHARACTERS = 8_000
MAX_ANSWER_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try a version with; `answer` None stands for a sample."""

    function: FunctionName
    question: str
    answer: str | None
    conversation_id: PydanticObjectId | None


@dataclass(frozen=True, slots=True)
class Tried:
    """How a dry run went; `diff` shows what became of the question or the answer."""

    version: HookVersion
    ran: Ran
    diff: str | None


class HookTests:
    """Makes dry runs for callers who were found to be allowed to change the hook."""

    def __init__(self, transactions: Transactions, runner: HookRunner) -> None:
        self._transactions = transactions
        self._runner = runner

    async def test(self, version: HookVersion, trial: Trial) -> Tried:
        """Run a function of a version.

        Raises:
            InvalidFieldsError: question or answer are not right, or the version lacks the function.
            UnknownTargetError: the chatbot has no such conversation.
            RefusedError: SANDBOX_UNAVAILABLE.
        """
        _check(version, trial)
        scope = TenantScope.one(version.client_id)
        scene = await _scene(version, trial, scope)
        await self._transactions.run_transaction(
            lambda session: record_about(
                session, HookVersion, version.id, client_id=version.client_id
            )
        )
        try:
            code = await self._runner.prepared(version)
        except NotCheckedError as error:
            raise unavailable(error) from None
        if code is None:
            return Tried(version, Ran(NOTHING, _not_right(version)), None)
        arguments = arguments_of(trial, scene.ctx)
        ran = await self._runner.call(code, trial.function, arguments, scene.client)
        ran = _unknown_model_told(ran, scene.ctx["llms"])
        if not ran.failed:
            passed = {"$set": {"tested_at": utc_now()}}
            version = await scope.of(HookVersion).update_one({"_id": version.id}, passed) or version
        return Tried(version, ran, await asyncio.to_thread(_diff, trial, ran))


@dataclass(frozen=True, slots=True)
class _Scene:
    client: Client
    ctx: dict[str, Any]


def arguments_of(trial: Trial, ctx: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the function by their names."""
    arguments: dict[str, Any] = {"ctx": dict(ctx)}
    if trial.function in {"before_llm", "after_llm"}:
        arguments["message"] = trial.question
    if trial.function == "after_llm":
        arguments["answer"] = trial.answer or SAMPLE_ANSWER
    return arguments


def _check(version: HookVersion, trial: Trial) -> None:
    checks = FieldChecks("input")
    checks.text("question", trial.question, longest=MAX_QUESTION_CHARACTERS)
    if trial.answer is not None:
        checks.text("answer", trial.answer, longest=MAX_ANSWER_CHARACTERS)
    if version.valid and trial.function not in version.functions:
        checks.wrong("function", f"is not defined in version {version.number}")
    checks.done()


async def _scene(version: HookVersion, trial: Trial, scope: TenantScope) -> _Scene:
    """What the hook is told: of a stored conversation, or of one that is made up."""
    chatbot = await scope.of(Chatbot).get(version.chatbot_id)
    client = await scope.of(Client).find_one({})
    if chatbot is None or client is None:
        raise UnknownTargetError("input", "versionId")
    conversation = await _conversation(version, trial, scope)
    stored = trial.conversation_id is not None
    history = await _history(conversation, scope) if stored else []
    visitor = await scope.of(Visitor).get(conversation.visitor_id) if stored else None
    kept = await scope.of(HookState).find_one({"conversation_id": conversation.id})
    ctx = context_of(
        client,
        chatbot.draft,
        conversation,
        visitor,
        language=detect_language(trial.question) or chatbot.draft.default_language,
        history=history,
        llms=await visible_names(client.client_id),
    )
    return _Scene(client, {**ctx, "state": json.loads(kept.state) if kept else {}})


async def _conversation(version: HookVersion, trial: Trial, scope: TenantScope) -> Conversation:
    if trial.conversation_id is None:
        return Conversation(
            client_id=version.client_id,
            chatbot_id=version.chatbot_id,
            visitor_id=PydanticObjectId(),
            title="Sample",
            message_count=2,
            last_message_at=utc_now(),
        )
    own = {"_id": trial.conversation_id, "chatbot_id": version.chatbot_id}
    found = await scope.of(Conversation).find_one(own)
    if found is None:
        raise UnknownTargetError("input", "conversationId")
    return found


async def _history(conversation: Conversation, scope: TenantScope) -> list[Message]:
    said = {"conversation_id": conversation.id, "sender": {"$in": ["visitor", "bot"]}}
    newest = await scope.of(Message).find(said, sort=[("seq", -1)], limit=MOST_MESSAGES)
    return newest[::-1]


def _not_right(version: HookVersion) -> Outcome:
    """The outcome of a version that does not compile."""
    first = version.issues[0] if version.issues else None
    problem = first.problem if first else "The version does not compile."
    line = first.line if first else None
    return Outcome("invalid_code", problem, line, None, None, "", 0.0, 0.0, 0.0)


def unknown_model(name: str) -> str:
    """What the author of a hook is told that chose a model that there is not."""
    return f"'llm': there is no language model {name!r} that this chatbot may use; see ctx['llms']"


def _unknown_model_told(ran: Ran, llms: list[str]) -> Ran:
    chosen = ran.effects.llm
    if chosen is None or chosen in llms:
        return ran
    return Ran(NOTHING, spoilt(ran.outcome, unknown_model(chosen)), ran.trace)


def _diff(trial: Trial, ran: Ran) -> str | None:
    """What became of the question or the answer; None when it stays as it is."""
    if trial.function == "before_llm" and ran.effects.message is not None:
        before, after, name = trial.question, ran.effects.message, "message"
    elif trial.function == "after_llm" and ran.effects.answer is not None:
        before, after, name = trial.answer or SAMPLE_ANSWER, ran.effects.answer, "answer"
    else:
        return None
    return unified(lines_of(before), lines_of(after), name, f"{name} after the hook")
