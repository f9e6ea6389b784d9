"""What a hook remembers of a conversation. See `documents.hook_states` for why there are two."""

import json
from typing import Any

from documents.conversations import Conversation
from documents.duplicates import DuplicateError, duplicates_reported
from documents.hook_states import HookState
from documents.messages import Message
from documents.tenancy import TenantScope, encoded

_TRIES = 2
"""Of two that make the document at once, one finds it there when it tries again."""


class ConversationState:
    """The state of one conversation, as one answer's turn sees it.

    An answer begins with what was remembered before its question, however often it is made. One to
    an older question sees what is remembered now and changes nothing of it.
    """

    def __init__(self, talk: Conversation | Message, question_seq: int) -> None:
        """The state of a conversation, or of the one that a message stands in."""
        self._new = HookState(
            client_id=talk.client_id,
            chatbot_id=talk.chatbot_id,
            visitor_id=talk.visitor_id,
            conversation_id=talk.id if isinstance(talk, Conversation) else talk.conversation_id,
            question_seq=question_seq,
            preview_until=talk.preview_until,
        )
        self._states = TenantScope.one(talk.client_id).of(HookState)
        self._own = {"conversation_id": self._new.conversation_id}
        self._text = "{}"

    @property
    def value(self) -> dict[str, Any]:
        """What the hook sees."""
        loaded: dict[str, Any] = json.loads(self._text)
        return loaded

    async def load(self) -> None:
        """Read what there is."""
        found = await self._states.find_one(self._own)
        if found is None:
            return
        again = found.question_seq == self._new.question_seq
        self._text = found.before if again else found.state
        if again and found.state != found.before:
            await self._forget()

    async def _forget(self) -> None:
        """Take back what an earlier making of the same answer remembered."""
        own = self._states.condition({**self._own, "question_seq": self._new.question_seq})
        await self._states.raw.update_one(own, [{"$set": {"state": "$before"}}])

    async def keep(self, text: str) -> None:
        """Remember this from now on, unless a newer question has changed it already."""
        self._text = text
        for _ in range(_TRIES):
            try:
                with duplicates_reported():
                    await self._states.raw.update_one(
                        self._states.condition(self._own),
                        [{"$set": self._remembering(text)}],
                        upsert=True,
                    )
            except DuplicateError:
                continue
            return

    def _remembering(self, text: str) -> dict[str, Any]:
        """The fields afterwards: those of a new document, and what this turn makes of them."""
        stored = encoded(self._new)
        there = {
            name: {"$ifNull": [f"${name}", {"$literal": value}]}
            for name, value in stored.items()
            if name != "_id"
        }
        seq, last = self._new.question_seq, {"$ifNull": ["$question_seq", 0]}
        kept = {"$literal": text}
        return {
            **there,
            "before": {"$cond": [{"$lt": [last, seq]}, there["state"], there["before"]]},
            "state": {"$cond": [{"$lte": [last, seq]}, kept, there["state"]]},
            "question_seq": {"$max": [last, seq]},
            "updated_at": "$$NOW",
        }
