"""An erased visitor leaves nothing, whatever was being written for that visitor meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
import pytest_asyncio
from beanie import PydanticObjectId

from documents.base import TenantDocument
from documents.database.database import Database
from documents.database.preparation import prepare_documents
from documents.erasure import Receipt, classes_with, erase_visitors
from documents.live_events import LiveEvent
from documents.pending_erasures import PendingErasure
from documents.tenancy import TenantScope
from documents.visitors import Visitor as VisitorDocument
from documents.visits import Visit
from services.answering.question_refusals import QuestionRefusedError
from services.privacy.erasing import Erasing, ErasingTimes
from services.refusals import UnknownTargetError
from services.visits.visitors import known_visitor
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Process, Visitor, until
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")
ALL_OF_ONE_TURN = {"visitors": 1, "conversations": 1, "messages": 2, "live_events": 4, "outbox": 2}
AT_ONCE = ErasingTimes(own=timedelta(0), last_look_after=timedelta(0))


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def no_erasure_of_another_test(database: Database) -> AsyncIterator[None]:
    await TenantScope.every_client().of(PendingErasure).delete_many({})
    yield


def erasing_in(database: Database, process: Process, times: ErasingTimes | None = None) -> Erasing:
    return Erasing(database, process.stopping, process.log, times)


async def left(visitor: Visitor) -> dict[str, int]:
    """What carries the visitor's id, by class."""
    counts = {
        one.__name__: await one.get_pymongo_collection().count_documents(
            {"visitor_id": visitor.visitor_id}
        )
        for one in classes_with("visitor_id")
    }
    themselves = VisitorDocument.get_pymongo_collection()
    counts["Visitor"] = await themselves.count_documents({"_id": visitor.visitor_id})
    return {name: count for name, count in counts.items() if count}


async def test_an_answer_in_the_making_is_ended_and_leaves_nothing(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    silence = asyncio.Event()
    script = Script("Rome ", silence, "was not built.")
    process = process_of(script)
    answer = (await process.ask(visitor)).answer
    await script.asked.wait()

    erased = await erasing_in(database, process).erase(visitor.scope, visitor.visitor_id)

    assert erased == ALL_OF_ONE_TURN
    assert script.closed.is_set(), "the model was hung up on"
    silence.set()
    await until(lambda: _is_idle(process))
    assert await left(visitor) == {}
    assert not process.memory._ended, "what was said is not in memory either"
    told = await visitor.scope.of(LiveEvent).find({"kind": "conversation_deleted"}, limit=5)
    assert [(one.conversation_id, one.visitor_id) for one in told] == [
        (answer.conversation_id, None)
    ], "those who watch are told, and not whose it was"
    assert process.generations.answer(answer.id) is None


async def test_an_answer_of_another_process_writes_nothing_after_the_erasure(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    """Its process does not hear of the erasure: what it writes finds nothing to be written to."""
    silence = asyncio.Event()
    working, erasing = process_of(Script("Rome ", silence, "was not built.")), process_of(Script())
    answer = (await working.ask(visitor)).answer
    await erase_visitors(visitor.client_id, [visitor.visitor_id])
    silence.set()
    await working.generations.wait(answer.id, 10)
    await erasing_in(database, erasing).erase(visitor.scope, visitor.visitor_id)

    assert working.generations.running == 0
    assert await left(visitor) == {}


async def test_a_question_on_its_way_when_its_visitor_is_erased_is_not_kept(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))

    async def erased_meanwhile() -> None:
        await erasing_in(database, process).erase(visitor.scope, visitor.visitor_id)

    with pytest.raises(QuestionRefusedError) as problem:
        await process.asking.ask(visitor.question(), erased_meanwhile)

    assert problem.value.code == "not_found"
    assert await left(visitor) == {}


async def test_a_known_visitor_who_comes_back_while_being_erased_is_somebody_new(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))
    before = await known_visitor(visitor.client_id, "anna", None)
    await erasing_in(database, process).erase(visitor.scope, before.id)

    after = await known_visitor(visitor.client_id, "anna", None)

    assert after.id != before.id


async def test_two_at_once_share_the_work_and_one_is_told_that_there_is_nobody(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))
    answer = (await process.ask(visitor)).answer
    await process.generations.wait(answer.id, 10)
    erasing = erasing_in(database, process)

    outcomes = await asyncio.gather(
        *(erasing.erase(visitor.scope, visitor.visitor_id) for _ in range(4)),
        return_exceptions=True,
    )

    receipts = [one for one in outcomes if not isinstance(one, BaseException)]
    assert receipts == [ALL_OF_ONE_TURN]
    assert all(isinstance(one, UnknownTargetError | dict) for one in outcomes)
    assert await left(visitor) == {}


async def test_what_a_process_left_behind_is_finished_by_another(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))
    answer = (await process.ask(visitor)).answer
    await process.generations.wait(answer.id, 10)
    dead, other = erasing_in(database, process), erasing_in(database, process)

    await database.run_transaction(
        lambda session: dead._begun(visitor.scope, visitor.visitor_id, session)
    )
    assert not await other.finish_due(), "the first one may still be at it"
    await other.take_over_all()
    assert await other.finish_due()

    assert await left(visitor) == {}
    pending = await TenantScope.one(visitor.client_id).of(PendingErasure).find({}, limit=2)
    assert [one.erased_at is not None for one in pending] == [True]


async def test_what_was_written_late_goes_with_the_last_look(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    erasing = erasing_in(database, process_of(Script("x")), AT_ONCE)
    await erasing.erase(visitor.scope, visitor.visitor_id)
    await visitor.scope.of(Visit).insert(visit_of(visitor))

    assert await erasing.finish_due()

    assert await left(visitor) == {}
    assert not await erasing.finish_due(), "it is over and forgotten"


def visit_of(visitor: Visitor) -> Visit:
    now = datetime.now().astimezone()
    return Visit(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        origin="",
        started_at=now,
        last_activity_at=now,
    )


class Counted(TenantDocument):
    """What may stay: figures without a word that anybody said."""

    outlives_visitor: ClassVar[bool] = True

    visitor_id: PydanticObjectId
    user_id: str | None = None
    tokens: int

    class Settings:
        name = "counted_in_a_test"


async def test_figures_stay_under_one_id_that_leads_to_nobody(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await prepare_documents(database, [Counted])
    other = PydanticObjectId()
    counted = visitor.scope.of(Counted)
    for visitor_id in (visitor.visitor_id, visitor.visitor_id, other):
        await counted.insert(
            Counted(client_id=visitor.client_id, visitor_id=visitor_id, user_id="anna", tokens=5)
        )

    receipt: Receipt = await erase_visitors(
        visitor.client_id, [visitor.visitor_id], classes=[Counted]
    )

    found = await counted.find({}, limit=10, sort=[("_id", 1)])
    assert receipt == {}
    assert [one.tokens for one in found] == [5, 5, 5]
    assert found[0].visitor_id == found[1].visitor_id
    assert found[0].visitor_id not in {visitor.visitor_id, other}
    assert [one.user_id for one in found] == [None, None, "anna"]
    assert found[2].visitor_id == other


async def _is_idle(process: Process) -> bool:
    return process.generations.running == 0
