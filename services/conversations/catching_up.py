"""Giving words to messages that are marked to get them, until none is left.

In the background, in batches, by as many processes as there are: words are the same whoever makes
them. What a crash leaves is still marked.
"""

import asyncio

import structlog

from documents.errors import is_unavailable, reporting_unavailability
from documents.messages import Message
from documents.tenancy import TenantScope
from services.cancelling import raise_if_cancelled
from services.conversations.words import message_words

BATCH = 200
PAUSE_SECONDS = 5.0
"""Before the next attempt, when the database is away."""

log = structlog.get_logger()


class CatchingUp:
    """Works until every message has its words."""

    async def run(self) -> None:
        """Give words to all that are marked."""
        total = 0
        while True:
            try:
                while given := await give_words():
                    total += given
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("giving_words_failed")
                raise_if_cancelled()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                break
        if total:
            log.info("messages_got_words", messages=total)


async def give_words(batch: int = BATCH) -> int:
    """Give words to a batch of marked messages; how many there were.

    An answer that is being written is left out: it gets its words with its end.
    """
    messages = TenantScope.every_client().of(Message)
    due = {"words_due": True, "status": {"$ne": "streaming"}}
    with reporting_unavailability():
        found = await messages.find(due, limit=batch)
        for one in found:
            spoken = (
                [] if one.preview_until else await asyncio.to_thread(message_words, one.content)
            )
            done = {"$set": {"words": spoken}, "$unset": {"words_due": ""}}
            await messages.update_one({"_id": one.id, "words_due": True}, done)
    return len(found)
