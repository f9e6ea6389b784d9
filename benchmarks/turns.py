"""What quota, budget and routing add to a turn, and what happens at a provider's limit.

The turn with them and the one without take turns; both store their messages and usage in the same
MongoDB. At the limit forty questions come at once to a model that gives ten answers at a time.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.baselines.bare_turn import BareThinking
from benchmarks.turn_stage import CLIENT, Stage, Turn, Turns, running_stage
from documents.chatbots import Chatbot
from documents.llm_configs import LlmConfig
from documents.tenancy import TenantScope
from services.answering.route_policy import STRICT, RoutePolicy

PLACES = 10
BURST = 40
SPEAKING_S = 0.5
STREAMS = 50
WARM_UP = 5


@dataclass(frozen=True)
class AddedTime:
    """Seconds of turns with quota, budget and routing, and of those without.

    Attributes:
        with_s, without_s: until the first word, one turn after the other.
        busy_with_s, busy_without_s: likewise, fifty turns at a time.
        whole_with_s, whole_without_s: the wall time of one such fifty up to the last end.
    """

    with_s: list[float]
    without_s: list[float]
    busy_with_s: list[float]
    busy_without_s: list[float]
    whole_with_s: list[float]
    whole_without_s: list[float]


@dataclass(frozen=True)
class AtTheLimit:
    """How forty questions went that came at once to ten places.

    Attributes:
        name: with what behind the model.
        most_at_once: so many answers the provider gave at a time.
        by_model, by_fallback, refused: how many questions were answered by which, or not.
        first_word_s: of those that were answered.
        refused_s: until those that were not were told so.
    """

    name: str
    most_at_once: int
    by_model: int
    by_fallback: int
    refused: int
    first_word_s: list[float]
    refused_s: list[float]


@dataclass(frozen=True)
class TurnFigures:
    """What one run has measured."""

    added: AddedTime
    limits: list[AtTheLimit]


def measure_turns(turns: int, rounds: int) -> TurnFigures:
    """Measure so many turns of each kind, and so many rounds of fifty at a time."""
    return asyncio.run(_measure(turns, rounds))


async def _measure(turns: int, rounds: int) -> TurnFigures:
    async with running_stage() as stage:
        added = await _added_time(stage, turns, rounds)
        short_line = replace(STRICT, waiting_share=0.5)
        impatient = replace(STRICT, wait_s=SPEAKING_S / 5)
        limits = [
            await _at_the_limit(stage, "all may wait", replace(STRICT, waiting_share=3.0)),
            await _at_the_limit(stage, "line of 5", short_line),
        ]
        await _give_a_fallback()
        limits.append(await _at_the_limit(stage, "line of 5, fallback", short_line))
        limits.append(await _at_the_limit(stage, "0.1 s, fallback", impatient))
        return TurnFigures(added, limits)


async def _added_time(stage: Stage, turns: int, rounds: int) -> AddedTime:
    full, bare = stage.server(), stage.server(BareThinking(stage.routes()))
    found = AddedTime([], [], [], [], [], [])
    for number in range(turns + WARM_UP):
        for server, times in ((full, found.with_s), (bare, found.without_s)):
            turn = await server.one()
            if number >= WARM_UP:
                times.append(_first_word(turn))
    for number in range(rounds + 1):
        for server, times, wholes in (
            (full, found.busy_with_s, found.whole_with_s),
            (bare, found.busy_without_s, found.whole_without_s),
        ):
            began = time.perf_counter()
            many = await _at_once(server, STREAMS)
            if number:
                wholes.append(time.perf_counter() - began)
                times += [_first_word(turn) for turn in many]
    await full.close()
    await bare.close()
    return found


async def _at_the_limit(stage: Stage, name: str, policy: RoutePolicy) -> AtTheLimit:
    await LlmConfig.get_pymongo_collection().update_one(
        {"_id": stage.config.id}, {"$set": {"max_concurrency": PLACES, "circuit": None}}
    )
    stage.provider.seconds, stage.provider.most_at_once = SPEAKING_S, 0
    server = stage.server(policy=policy)
    turns = await _at_once(server, BURST)
    await server.close()
    answered = [turn for turn in turns if turn.failure is None]
    by_model = [turn for turn in answered if turn.by == stage.config.id]
    refused = [turn for turn in turns if turn.failure is not None]
    return AtTheLimit(
        name,
        stage.provider.most_at_once,
        by_model=len(by_model),
        by_fallback=len(answered) - len(by_model),
        refused=len(refused),
        first_word_s=[_first_word(turn) for turn in answered],
        refused_s=[turn.whole_s for turn in refused],
    )


async def _give_a_fallback() -> None:
    second = LlmConfig(
        client_id=CLIENT, name="Second", provider="openai_compatible", model="another"
    )
    await second.insert()
    chatbots = TenantScope.one(CLIENT).of(Chatbot)
    await chatbots.update_many({}, {"$set": {"published.fallback_llm_id": second.id}})


async def _at_once(server: Turns, count: int) -> Sequence[Turn]:
    return await asyncio.gather(*(server.one() for _ in range(count)))


def _first_word(turn: Turn) -> float:
    if turn.first_word_s is None:
        raise RuntimeError(f"no answer: {turn.failure}")
    return turn.first_word_s


def median_ms(seconds: Sequence[float]) -> float:
    """The median in milliseconds; 0 of none."""
    return 1e3 * statistics.median(seconds) if seconds else 0.0
