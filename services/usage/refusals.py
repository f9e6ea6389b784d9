"""Refused requests, put together before they are stored: who floods a chatbot must not fill a disk.

Alike refusals of a moment become one row that says how many they were. A process that is killed
loses those of its last moment.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.usage_events import UsageEvent
from services.usage.noting import refusal_row

MOST_KINDS = 10_000
"""Of different rows that wait in one process; further ones are not noted."""


class _Alike(NamedTuple):
    client_id: str
    chatbot_id: PydanticObjectId
    code: str


class Refusals:
    """What this process refused since it last stored it."""

    def __init__(self) -> None:
        self._waiting: Counter[_Alike] = Counter()

    def note(self, client_id: str, chatbot_id: PydanticObjectId, code: str) -> None:
        """Note one refused request."""
        alike = _Alike(client_id, chatbot_id, code)
        if alike in self._waiting or len(self._waiting) < MOST_KINDS:
            self._waiting[alike] += 1

    async def store(self) -> None:
        """Store what waits; what cannot be stored now waits on."""
        taken, self._waiting = self._waiting, Counter()
        try:
            for client_id in {one.client_id for one in taken}:
                await TenantScope.one(client_id).of(UsageEvent).insert_many(_rows(client_id, taken))
                taken = Counter({k: n for k, n in taken.items() if k.client_id != client_id})
        finally:
            self._waiting.update(taken)


def _rows(client_id: str, taken: Counter[_Alike]) -> Sequence[UsageEvent]:
    return [
        refusal_row(client_id, alike.chatbot_id, alike.code, count)
        for alike, count in taken.items()
        if alike.client_id == client_id
    ]
