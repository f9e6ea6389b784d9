"""What a hook remembers of a conversation. See `documents.hook_states` for why there are two."""

import json
from typing import Any

from documents.conversations import Conversation
from documents.hook_states import HookState
from documents.tenancy import ScopedCollection, TenantScope


class ConversationState:
    """The state of one conversation, as one answer's turn sees it.

    An answer begins with what was remembered before its question, however often it is made. One to
    an older question sees what is remembered now and changes nothing of it.
    """

    def __init__(self, conversation: Conversation, question_seq: int) -> None:
        self._conversation = conversation
        self._question_seq = question_seq
        self._text = "{}"

    @property
    def value(self) -> dict[str, Any]:
        """What the hook sees."""
        loaded: dict[str, Any] = json.loads(self._text)
        return loaded

    async def load(self) -> None:
        """Read what there is."""
        states = TenantScope.one(self._conversation.client_id).of(HookState)
        found = await states.find_one({"conversation_id": self._conversation.id})
        if found is None:
            return
        again = found.question_seq == self._question_seq
        self._text = found.before if again else found.state
        if again and found.state != found.before:
            await self._forget(states)

    async def _forget(self, states: ScopedCollection[HookState]) -> None:
        """Take back what an earlier making of the same answer remembered."""
        own = {"conversation_id": self._conversation.id, "question_seq": self._question_seq}
        await states.raw.update_one(states.condition(own), [{"$set": {"state": "$before"}}])

    async def keep(self, text: str) -> None:
        """Remember this from now on, unless a newer question has changed it already."""
        self._text = text
        seq = self._question_seq
        states = TenantScope.one(self._conversation.client_id).of(HookState)
        own = states.condition({"conversation_id": self._conversation.id})
        older = {**own, "question_seq": {"$lt": seq}}
        begun = {"before": "$state", "question_seq": seq, "state": {"$literal": text}}
        await self._make()
        if (await states.raw.update_one(older, [{"$set": begun}])).matched_count == 0:
            await states.raw.update_one({**own, "question_seq": seq}, {"$set": {"state": text}})

    async def _make(self) -> None:
        """Make the document if there is none yet."""
        conversation = self._conversation
        new = HookState(
            client_id=conversation.client_id,
            chatbot_id=conversation.chatbot_id,
            visitor_id=conversation.visitor_id,
            conversation_id=conversation.id,
            preview_until=conversation.preview_until,
        )
        states = TenantScope.one(conversation.client_id).of(HookState)
        await states.insert_unless_there(new, "conversation_id")
