"""The right to write an answer: one process holds it, and loses it when that process falls silent.

All times are the database server's (`$$NOW`), so that processes whose clocks differ agree on who
holds an answer. A claim is good for one generation of the answer: a write that was on its way when
somebody else took over changes nothing, even if that somebody is the same process.
"""

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from documents.database.driver import operation_deadline
from documents.errors import reporting_unavailability
from documents.ids import PydanticObjectId
from documents.messages import AnswerStream, Message
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.answering.limits import Limits
from services.answering.telling import TO_BE_TOLD

LAPSED = datetime(1970, 1, 1, tzinfo=UTC)
"""A lease that anybody may take at once, whatever their clocks say."""

_RETURN_AFTER = True


class LeaseLostError(Exception):
    """Somebody else works on this answer now, or it was ended or erased meanwhile."""


class Lease:
    """One process's claim on one generation of an answer."""

    def __init__(self, answer: Message, owner: str, limits: Limits) -> None:
        """Nothing is written: whoever stored or took the answer did that."""
        stream = answer.stream or AnswerStream(seq_ceiling=0)
        self._answers = TenantScope.one(answer.client_id).of(Message)
        self._answer_id = answer.id
        self._generation = stream.generation
        self._mine = {
            "_id": answer.id,
            "status": "streaming",
            "stream.owner": owner,
            "stream.generation": stream.generation,
        }
        self._limits = limits

    async def begin(self, session: WriteSession, *, ceiling: int) -> None:
        """Hold an answer from the transaction on that stores it."""
        # The driver's own errors pass: they tell the transaction whether to try again.
        await self._renewed({}, ceiling, session)

    async def renew(self, changes: Mapping[str, Any], *, ceiling: int) -> bool:
        """Hold the answer for longer; whether a stop was asked for.

        The ceiling only ever rises: an earlier call may reach the database after a later one.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database cannot be reached now; try again.
        """
        with self._write():
            found = await self._renewed(changes, ceiling)
        if found is None:
            raise LeaseLostError(self._answer_id)
        return found.get("stop_requested_at") is not None

    async def end(self, last_seq: int, changes: Mapping[str, Any]) -> Message:
        """The answer with its end written, `last_seq` being the number of its last event.

        May be called again when it is unknown whether the first call arrived.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database cannot be reached now; try again.
        """
        ended = {
            **changes,
            "stream.owner": None,
            "stream.lease_until": None,
            "stream.last_seq": last_seq,
            "stream.seq_ceiling": last_seq,
        }
        with self._write():
            answer = await self._answers.update_one(self._mine, {"$set": ended, **TO_BE_TOLD})
            return answer or await self._ended_before(last_seq)

    async def let_go(self, changes: Mapping[str, Any]) -> None:
        """Leave the answer to whoever takes it first.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database cannot be reached now.
        """
        released = {**changes, "stream.owner": None, "stream.lease_until": LAPSED}
        with self._write():
            if await self._answers.update_one(self._mine, {"$set": released}) is None:
                raise LeaseLostError(self._answer_id)

    @contextmanager
    def _write(self) -> Generator[None, None, None]:
        with reporting_unavailability(), operation_deadline(self._limits.operation_s):
            yield

    async def _renewed(
        self, changes: Mapping[str, Any], ceiling: int, session: WriteSession | None = None
    ) -> dict[str, Any] | None:
        update = {
            # Literal, because an answer may begin with a dollar sign.
            **{name: {"$literal": value} for name, value in changes.items()},
            "stream.lease_until": _from_now(self._limits.lease_s),
            "stream.seq_ceiling": {"$max": ["$stream.seq_ceiling", ceiling]},
            "updated_at": "$$NOW",
        }
        return await self._answers.raw.find_one_and_update(
            self._answers.condition(self._mine),
            [{"$set": update}],
            projection={"stop_requested_at": 1},
            return_document=_RETURN_AFTER,
            session=session,
        )

    async def _ended_before(self, last_seq: int) -> Message:
        """The answer that our own earlier call ended; no other claim gives out the same numbers."""
        by_us = {
            "_id": self._answer_id,
            "stream.last_seq": last_seq,
            "stream.generation": self._generation,
        }
        answer = await self._answers.find_one(by_us)
        if answer is None:
            raise LeaseLostError(self._answer_id)
        return answer


async def take_lapsed(
    owner: str,
    limits: Limits,
    *,
    but_not: Collection[PydanticObjectId],
) -> Message | None:
    """Claim one answer that nobody works on; None if there is none.

    The condition and the claim are one atomic update, so that of N processes one gets it. An
    answer that has no lease at all counts as lapsed: it must not stream for ever.

    Args:
        owner: who claims it.
        limits: for how long, and how many numbers to reserve above all that ever were.
        but_not: answers that the caller works on although their leases lapsed.
    """
    answers = TenantScope.every_client().of(Message)
    lapsed = {
        "status": "streaming",
        "_id": {"$nin": list(but_not)},
        "$expr": {"$lt": ["$stream.lease_until", "$$NOW"]},
    }
    claim = {
        "stream.owner": {"$literal": owner},
        "stream.lease_until": _from_now(limits.lease_s),
        "stream.generation": _plus("$stream.generation", 1),
        "stream.seq_ceiling": _plus("$stream.seq_ceiling", limits.ceiling_block),
        "updated_at": "$$NOW",
    }
    found = await answers.raw.find_one_and_update(
        answers.condition(lapsed), [{"$set": claim}], return_document=_RETURN_AFTER
    )
    return None if found is None else Message.model_validate(found)


async def end_all_leases() -> None:
    """Make every answer free to be taken."""
    answers = TenantScope.every_client().of(Message)
    await answers.update_many({"status": "streaming"}, {"$set": {"stream.lease_until": LAPSED}})


def _from_now(seconds: float) -> dict[str, Any]:
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def _plus(field: str, number: int) -> dict[str, Any]:
    return {"$add": [{"$ifNull": [field, 0]}, number]}
