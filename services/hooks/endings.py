"""`on_end`: telling a chatbot's hook that a conversation was closed.

Closing leaves a note in the conversation, and any process finds it. Taking the note away and
running the hook are two steps with the note first: a hook is told once at most, and not at all by a
process that dies in between.
"""

import asyncio
from collections.abc import Iterable

import structlog

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.errors import is_unavailable
from documents.tenancy import TenantScope
from documents.visitors import Visitor
from services.cancelling import cancel_and_wait, raise_if_cancelled
from services.hooks.handoff import label
from services.hooks.running import About, ActiveHook, HookRunner
from services.hooks.states import ConversationState
from services.hooks.telling import context_of

LOOK_INTERVAL_S = 1.0
AT_ONCE = 4

log = structlog.get_logger()


class HookEndings:
    """Looks for closed conversations for as long as the process lives."""

    def __init__(self, runner: HookRunner) -> None:
        self._runner = runner

    async def run(self) -> None:
        """Tell hooks of closed conversations until cancelled."""
        while True:
            try:
                await self.tell_all()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("hook_endings_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def tell_all(self) -> None:
        """Tell of all that were closed: of several clients at once, of each one by one."""
        telling: dict[asyncio.Task[None], str] = {}
        try:
            while True:
                raise_if_cancelled()
                while len(telling) < AT_ONCE and (taken := await self._take(telling.values())):
                    telling[asyncio.create_task(self._tell_of(taken))] = taken.client_id
                if not telling:
                    return
                # No longer than this, for another client's may have been closed meanwhile.
                ended, _ = await asyncio.wait(
                    telling, timeout=LOOK_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended:
                    del telling[task]
                    task.result()
        finally:
            for task in telling:
                await cancel_and_wait(task)

    async def _take(self, busy: Iterable[str]) -> Conversation | None:
        """A conversation whose hook is to be told, of a client whose turn it may be."""
        conversations = TenantScope.every_client().of(Conversation)
        due = {"end_hook_due": True, "client_id": {"$nin": list(busy)}}
        return await conversations.update_one(due, {"$set": {"end_hook_due": False}})

    async def _tell_of(self, taken: Conversation) -> None:
        """Tell of one; what goes wrong with it is nothing to the others that are being told."""
        try:
            active = await self._runner.active(taken.client_id, taken.chatbot_id)
            if active is not None and active.defines("on_end"):
                await self._tell(active, taken)
        except Exception:
            log.exception("hook_ending_failed", client_id=taken.client_id)

    async def _tell(self, active: ActiveHook, conversation: Conversation) -> None:
        scope = TenantScope.one(conversation.client_id)
        client, chatbot, visitor = await asyncio.gather(
            scope.of(Client).find_one({}),
            scope.of(Chatbot).get(conversation.chatbot_id),
            scope.of(Visitor).get(conversation.visitor_id),
        )
        if client is None or chatbot is None:
            return
        settings = chatbot.shown(preview=conversation.preview_until is not None)
        state = ConversationState(conversation, conversation.message_count + 1)
        await state.load()
        language = conversation.language or settings.default_language
        ctx = context_of(client, settings, conversation, visitor, language=language)
        about = About(client, conversation.visitor_id, conversation.id, conversation.preview_until)
        arguments = {"ctx": {**ctx, "state": state.value}}
        ran = await self._runner.run(active, "on_end", arguments, about)
        if ran.effects.state is not None:
            await state.keep(ran.effects.state)
        await label(conversation, ran.effects.tags)
