"""Leaving a hook alone that fails again and again, so that visitors do not wait for it.

It opens after 5 failures in a row, or when half of the last 20 runs failed. While it is open the
hook does not run; afterwards runs are tried again, and the first failure opens it for twice as
long. One atomic update per run decides, so any number of processes may run the same hook.
"""

from datetime import timedelta
from typing import Any

from documents.base import utc_now
from documents.hooks import Hook
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.outbox.recording import Happening, record

IN_A_ROW = 5
WINDOW = 20
HALF = 10
FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 960
MOST_DOUBLINGS = 5

PAUSED = "It failed again and again and rests until {until} UTC; then it is tried again."


async def note_run(transactions: Transactions, hook: Hook, *, failed: bool) -> None:
    """Count a run that has ended, and open or close the breaker."""
    hooks = TenantScope.one(hook.client_id).of(Hook)
    if not failed and not any(hook.recent) and not hook.pauses and len(hook.recent) >= WINDOW:
        return  # nothing that another good run would change
    noted = await hooks.raw.find_one_and_update(
        hooks.condition({"_id": hook.id}), [{"$set": _counted(failed=failed)}], return_document=True
    )
    if failed and noted is not None and _must_open(noted):
        await transactions.run_transaction(lambda session: _open(hook, session))


def _counted(*, failed: bool) -> dict[str, Any]:
    recent = {"$slice": [{"$concatArrays": ["$recent", [failed]]}, -WINDOW]}
    if failed:
        return {"recent": recent}
    # While it is open no run begins: a success that comes then began before, and closes nothing.
    is_open = {"$gt": ["$paused_until", utc_now()]}
    return {
        "recent": recent,
        "paused_until": {"$cond": [is_open, "$paused_until", None]},
        "pauses": {"$cond": [is_open, "$pauses", 0]},
    }


def _must_open(stored: dict[str, Any]) -> bool:
    recent, until = stored["recent"], stored.get("paused_until")
    if until is not None and until > utc_now():
        return False  # a run that was under way when it opened
    in_a_row = len(recent) >= IN_A_ROW and all(recent[-IN_A_ROW:])
    return stored["pauses"] > 0 or in_a_row or (len(recent) == WINDOW and sum(recent) >= HALF)


async def _open(hook: Hook, session: WriteSession) -> None:
    """Open the breaker; of several that found it must be, one does."""
    now = utc_now()
    hooks = TenantScope.one(hook.client_id).of(Hook)
    closed = {"$or": [{"paused_until": None}, {"paused_until": {"$lte": now}}]}
    found = await hooks.find_one({"_id": hook.id, **closed}, session=session)
    if found is None:
        return
    pause = min(FIRST_PAUSE_S * 2 ** min(found.pauses, MOST_DOUBLINGS), LONGEST_PAUSE_S)
    until = now + timedelta(seconds=pause)
    opened = {"$set": {"paused_until": until, "recent": []}, "$inc": {"pauses": 1}}
    await hooks.update_one({"_id": hook.id}, opened, session=session)
    if found.pauses == 0:
        key = f"hook.disabled/{hook.id}/{until.isoformat()}"
        facts = {"reason": "breaker", "until": until.isoformat()}
        told = Happening(
            hook.client_id, "hook.disabled", key, chatbot_id=hook.chatbot_id, facts=facts
        )
        await record(told, session)


def rests(hook: Hook) -> bool:
    """Whether the breaker is open now."""
    return hook.paused_until is not None and hook.paused_until > utc_now()
