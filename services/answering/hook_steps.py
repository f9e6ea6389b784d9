"""The client's own code in a turn: `on_start` and `before_llm` before the model, `after_llm` after.

A hook that fails, rests or cannot run changes nothing: the turn goes on as if there were none. Only
one that is marked as required stops the answer. What it wants beside the answer (state, a person, a
tag) is done after each function, and doing it again, because the answer is made anew, changes
nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from documents.base import utc_now
from documents.chatbots import ChatbotSettings, ChatbotTexts
from documents.clients import Client
from documents.conversations import Conversation
from documents.llm_configs import named_llm_config, visible_names
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from documents.visitors import Visitor
from services.answering.answer_text import AnswerText, HeldText
from services.answering.answer_writer import AnswerWriter
from services.answering.events import AnswerStep
from services.answering.phrases import phrase
from services.answering.turn_record import TurnRecord
from services.cancelling import raise_if_cancelled
from services.hooks.handoff import ask_for_person, label
from services.hooks.interface import FunctionName
from services.hooks.results import NOTHING, Effects
from services.hooks.running import About, ActiveHook, HookRunner, Ran
from services.hooks.sandbox.calls import Outcome
from services.hooks.states import ConversationState
from services.hooks.telling import context_of
from services.hooks.testing import unknown_model
from services.llm.errors import ModelError
from services.usage.reservations import Wish, reserve_one_of


class RequiredHookError(ModelError):
    """The chatbot answers only through its hook, and that did not run well."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn's hook works on."""

    question: Message
    settings: ChatbotSettings
    client: Client
    talk: Sequence[Message]
    writer: AnswerWriter
    record: TurnRecord


class HookSteps:
    """Makes the hook of each turn."""

    def __init__(self, transactions: Transactions, runner: HookRunner) -> None:
        self._transactions = transactions
        self._runner = runner

    async def find(self, answer: Message) -> ActiveHook | None:
        """The hook of an answer's chatbot; None when it has none."""
        return await self._runner.active(answer.client_id, answer.chatbot_id)

    async def begin(self, turn: Turn, active: ActiveHook | None) -> "HookedTurn":
        """What the chatbot's hook wants before the model is asked.

        Raises:
            RequiredHookError: the hook is required and did not run well.
        """
        hooked = HookedTurn(turn, active, self._runner, self._transactions)
        if active is not None:
            await hooked.before()
        return hooked


class HookedTurn:
    """One turn with its hook, if the chatbot has one.

    Attributes:
        message: What retrieval and model get as the question.
        settings: The chatbot's, with the model that the hook chose.
        context: Texts that the model reads beside its passages.
        text: Where the model's words go.
    """

    def __init__(
        self,
        turn: Turn,
        active: ActiveHook | None,
        runner: HookRunner,
        transactions: Transactions,
    ) -> None:
        self.message = turn.question.content
        self.settings = turn.settings
        self.context: tuple[str, ...] = ()
        self.text: AnswerText = turn.writer
        self._turn = turn
        self._active = active
        self._runner = runner
        self._transactions = transactions
        self._scene: _Scene | None = None
        self._block: str | None = None
        self._escalated = False

    async def before(self) -> None:
        """Run what comes before the model.

        Raises:
            RequiredHookError: the hook is required and did not run well.
        """
        active = self._active
        if active is None or active.code is None:
            self._check_not_required("it is out of use")
            return
        if active.defines("after_llm") and active.code.after_mode == "rewrite":
            self.text = HeldText(self._turn.writer)
        functions: tuple[FunctionName, ...] = ("before_llm",)
        if self._turn.question.seq == 1:
            functions = ("on_start", "before_llm")
        wanted = [one for one in functions if active.defines(one)]
        if not wanted and not active.defines("after_llm"):
            return
        self._scene = await _scene_of(self._turn)
        if wanted:
            await self._show_step()
        for function in wanted:
            message = {"message": self.message} if function == "before_llm" else {}
            self._use(await self._run(function, message))
        await self._note_message()

    async def answered_without_model(self) -> bool:
        """Whether the hook answered itself; that counts as a question, and costs no money.

        Raises:
            LimitReachedError: quota or budget of the client hold no more answers.
        """
        if self._block is None:
            return False
        writer = self._turn.writer
        await reserve_one_of(self._turn.client, writer.answer, [Wish("hard", 0)])
        self._turn.record.first_token_ms = self._turn.record.elapsed_ms()
        await writer.delta(self._block)
        await self._say_who_helps()
        return True

    async def after(self) -> None:
        """Run what comes after the model, and say what is left to say.

        Raises:
            RequiredHookError: the hook is required and did not run well.
        """
        active, writer = self._active, self._turn.writer
        said = self.text.text
        if active is not None and active.defines("after_llm"):
            await self._show_step()
            arguments = {"message": self.message, "answer": said}
            effects = await self._run("after_llm", arguments)
            said = effects.answer or said
        shown = writer.text
        if isinstance(self.text, HeldText):
            self._turn.record.first_token_ms = self._turn.record.elapsed_ms()
        await writer.delta(said[len(shown) :])
        await self._say_who_helps()

    async def _run(self, function: FunctionName, arguments: Mapping[str, Any]) -> Effects:
        active, scene, began = self._active, self._scene, utc_now()
        if active is None or scene is None:
            return NOTHING
        ctx = {**scene.ctx, "state": scene.state.value}
        about = About(
            self._turn.client,
            scene.conversation.visitor_id,
            scene.conversation.id,
            scene.conversation.preview_until,
        )
        ran = await self._runner.run(
            active, function, {"ctx": ctx, **arguments}, about, self._objection
        )
        raise_if_cancelled()
        self._turn.record.step_done(
            "hook", began, f"{function}: {ran.outcome.verdict}", _detail(ran.outcome)
        )
        if ran.failed:
            self._check_not_required(f"{function} ended with {ran.outcome.verdict}")
        await self._apply(ran.effects, scene)
        return ran.effects

    async def _objection(self, ran: Ran) -> str | None:
        """What is wrong with a result in this turn, although it is well formed."""
        effects = ran.effects
        if effects.llm is not None:
            config = await named_llm_config(effects.llm, self._turn.client.client_id)
            if config is None:
                return unknown_model(effects.llm)
            self.settings = self.settings.model_copy(update={"default_llm_id": config.id})
        shown = self._turn.writer.text
        if effects.answer is not None and not effects.answer.startswith(shown):
            return "'answer' must begin with the answer that was shown: AFTER_LLM is \"append\""
        return None

    def _use(self, effects: Effects) -> None:
        self.message = effects.message or self.message
        self.context += effects.context
        self._block = effects.block or self._block

    async def _apply(self, effects: Effects, scene: "_Scene") -> None:
        """Do what a function wants beside the answer."""
        record = self._turn.record
        record.hook_tags = tuple(dict.fromkeys((*record.hook_tags, *effects.tags)))
        if effects.suggestions is not None:
            record.suggestions = effects.suggestions
        await asyncio.gather(label(scene.conversation, effects.tags), _kept(scene, effects.state))
        if effects.escalate is not None:
            self._escalated = True
            question_id = self._turn.question.id
            await ask_for_person(
                self._transactions, scene.conversation, question_id, effects.escalate
            )

    async def _note_message(self) -> None:
        """Keep what models read of the question: the talk of later turns must say the same."""
        question = self._turn.question
        said = self.message if self.message != question.content else None
        if said != question.said_to_model:
            messages = TenantScope.one(question.client_id).of(Message)
            await messages.update_one({"_id": question.id}, {"$set": {"said_to_model": said}})

    async def _show_step(self) -> None:
        shown = phrase("hook", self._turn.record.language)
        await self._turn.writer.event(lambda seq: AnswerStep(seq, "hook", shown))

    async def _say_who_helps(self) -> None:
        if self._escalated:
            writer, language = self._turn.writer, self._turn.record.language
            ways = ways_to_people(self._turn.settings, language)
            before = "\n\n" if writer.text.strip() else ""
            await writer.delta(before + "\n".join([phrase("handoff", language), *ways]))

    def _check_not_required(self, problem: str) -> None:
        if self._active is not None and self._active.hook.required:
            raise RequiredHookError(f"the chatbot's hook is required, and {problem}")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the hook is told, and where it remembers things."""

    ctx: dict[str, Any]
    conversation: Conversation
    state: ConversationState


async def _scene_of(turn: Turn) -> _Scene:
    question = turn.question
    scope = TenantScope.one(question.client_id)
    state = ConversationState(question, question.seq)
    conversation, visitor, llms, _ = await asyncio.gather(
        scope.of(Conversation).get(question.conversation_id),
        scope.of(Visitor).get(question.visitor_id),
        visible_names(question.client_id),
        state.load(),
    )
    if conversation is None:
        raise RequiredHookError("the conversation is gone")
    ctx = context_of(
        turn.client,
        turn.settings,
        conversation,
        visitor,
        language=turn.record.language,
        history=turn.talk,
        llms=llms,
    )
    return _Scene(ctx, conversation, state)


async def _kept(scene: _Scene, state: str | None) -> None:
    if state is not None:
        await scene.state.keep(state)


def _detail(outcome: Outcome) -> str | None:
    if outcome.problem is None:
        return None
    where = f"line {outcome.line}: " if outcome.line else ""
    return f"{where}{outcome.problem}"[:300]


def ways_to_people(settings: ChatbotSettings, language: str) -> list[str]:
    """How a visitor reaches the client's people: what the chatbot says of it, mail and page."""
    order = (language, settings.default_language, "en")
    texts: dict[str, ChatbotTexts] = {one.language: one for one in settings.texts}
    said = [texts[one].contact_text for one in order if one in texts and texts[one].contact_text]
    ways = [said[0] if said else None, settings.contact_email, settings.contact_url]
    return [one for one in ways if one]
