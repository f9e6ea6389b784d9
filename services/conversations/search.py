"""Finding conversations by what was said in them.

Each word is looked for by itself, among the newest messages that hold it, and every message found
says which of the other words it holds as well. A conversation is the better the more of the words
stand in it; equal ones come newest first. Half of the words must be there.

A position holds the newest message that the first page knew: the following pages look at no newer
one, so that what is said meanwhile moves nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from documents.conversations import Conversation
from documents.errors import reporting_unavailability
from documents.ids import PydanticObjectId
from documents.messages import FoundMessage, newest_with_word
from documents.previews import NO_PREVIEWS
from documents.tenancy import TenantScope
from services.conversations.filtering import Wanted
from services.conversations.words import Word, held, searched_words

MESSAGES_PER_WORD = 1_000
"""How far back a word is looked for; a rarer one reaches further."""

DEADLINE_MS = 3_000
READ_AT_ONCE = 500
"""Conversations that are looked at for whether they match the filter."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the results.

    Attributes:
        rank: How many of the words the conversation there holds.
        newest: The newest message that is looked at.
    """

    rank: int
    conversation_id: PydanticObjectId
    newest: PydanticObjectId


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that was found."""

    position: Position
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Results:
    """All that was found, and what of it may be shown."""

    scope: TenantScope
    condition: Mapping[str, Any]
    positions: Sequence[Position]

    async def page(self, after: Position | None, limit: int) -> list[Hit]:
        """The best after a position."""
        hits: list[Hit] = []
        left = [one for one in self.positions if after is None or _order(one) > _order(after)]
        for first in range(0, len(left), READ_AT_ONCE):
            some = left[first : first + READ_AT_ONCE]
            wanted = self._among(some)
            found = await self.scope.of(Conversation).find(wanted, limit=len(some))
            by_id = {one.id: one for one in found}
            hits += [
                Hit(one, by_id[one.conversation_id]) for one in some if one.conversation_id in by_id
            ]
            if len(hits) >= limit:
                break
        return hits[:limit]

    async def count(self, limit: int) -> int:
        """How many there are, counted no further than `limit`."""
        if not self.positions:
            return 0
        return await self.scope.of(Conversation).count(self._among(self.positions), limit=limit)

    def _among(self, positions: Sequence[Position]) -> dict[str, Any]:
        ids = {"_id": {"$in": [one.conversation_id for one in positions]}}
        return {"$and": [ids, dict(self.condition)]} if self.condition else ids


async def search_conversations(
    scope: TenantScope, text: str, wanted: Wanted, newest: PydanticObjectId | None
) -> Results:
    """Find conversations that hold at least half of the words of a text, the best first.

    Args:
        scope: Whose conversations.
        text: Anything that somebody typed; signs mean nothing in it.
        wanted: What the conversations must be like besides.
        newest: No newer message than this one counts; None for a first page.

    Raises:
        DatabaseUnavailableError: the database did not answer in time.
    """
    words = await asyncio.to_thread(searched_words, text)
    with reporting_unavailability():
        found = await _messages(scope, words, wanted, newest)
    latest = newest or max((one.message_id for one in found), default=PydanticObjectId())
    words_of: defaultdict[PydanticObjectId, set[int]] = defaultdict(set)
    for one in found:
        words_of[one.conversation_id] |= held(words, one.words)
    positions = [
        Position(len(places), conversation_id, latest)
        for conversation_id, places in words_of.items()
        if 2 * len(places) >= len(words)
    ]
    condition = {**wanted.condition(), **NO_PREVIEWS}
    return Results(scope, condition, sorted(positions, key=_order))


async def _messages(
    scope: TenantScope,
    words: Sequence[Word],
    wanted: Wanted,
    newest: PydanticObjectId | None,
) -> list[FoundMessage]:
    """For each word the newest messages that hold it."""
    condition = wanted.condition_on_messages()
    if newest is not None:
        condition["_id"] = {**condition.get("_id", {}), "$lte": newest}
    among = sorted({form for forms in words for form in forms})
    found = await asyncio.gather(
        *(
            newest_with_word(
                scope,
                forms,
                among=among,
                condition=condition,
                limit=MESSAGES_PER_WORD,
                deadline_ms=DEADLINE_MS,
            )
            for forms in words
        )
    )
    return [one for some in found for one in some]


def _order(position: Position) -> tuple[int, int]:
    """The best first, then the newest."""
    return -position.rank, -int(str(position.conversation_id), 16)
