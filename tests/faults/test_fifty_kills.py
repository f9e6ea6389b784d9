"""Servers are killed fifty times at random moments while visitors follow answers.

Two servers on one database and one Redis, of which one at least runs; a killed one is started again
while the other goes on. The moments are seeded. Time budget: 300 seconds.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import websockets

from tests.administration import Administrator
from tests.answers import asking, kinds_of, new_key, text_of
from tests.conftest import START_VISIT, signed_in
from tests.faults.test_server_kill import started
from tests.faults.test_shared_answers import Farm, farm
from tests.graphql_clients import GraphQLClient, GraphQLFailure, Json
from tests.providers.dictation import model_that_says, speaking
from tests.server_process import ServerProcess

__all__ = ["farm"]

pytestmark = [pytest.mark.faults, pytest.mark.redis, pytest.mark.timeout(900)]

KILLS = 50
SEED = 20261121
PIECES = [f"{number} and " for number in range(30)]
WHOLE = "".join(PIECES)
SECONDS_BETWEEN = 0.05
PATIENCE_SECONDS = 120.0
ENDS = {"AnswerCompleted", "AnswerFailed"}


@dataclass
class Follower:
    """A visitor who asks once and follows the answer wherever a server lets them."""

    servers: Sequence[ServerProcess]
    token: str
    key: str = field(default_factory=new_key)
    events: list[Json] = field(default_factory=list)

    async def follow(self) -> None:
        """Until the last event; the next server after every loss."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.events or self.events[-1]["__typename"] not in ENDS:
                for server in self.servers:
                    await self._listen_at(server)

    async def _listen_at(self, server: ServerProcess) -> None:
        if self.events and self.events[-1]["__typename"] in ENDS:
            return
        visitor = GraphQLClient(server.url, self.token, origin=server.url)
        after = self.events[-1]["seq"] if self.events else 0
        lost = (websockets.WebSocketException, OSError, GraphQLFailure)
        with suppress(*lost):
            async for event in asking(visitor, "And then?", self.key, afterSeq=after):
                self.events.append(event)
        await visitor.close()
        await asyncio.sleep(0.05)

    def check(self) -> None:
        """Nothing twice, nothing left out but before a restart or an interruption, one end."""
        after = 0
        for event in self.events:
            failed = event["__typename"] == "AnswerFailed"
            jumps = event["__typename"] == "AnswerRestarted" or failed
            assert event["seq"] > after if jumps else event["seq"] == after + 1, self.events
            after = event["seq"]
        assert sum(kind in ENDS for kind in kinds_of(self.events)) == 1
        last = self.events[-1]
        if last["__typename"] == "AnswerFailed":
            assert last["code"] == "INTERRUPTED"
            assert last["retryable"] is True
        else:
            assert text_of(self.events) == WHOLE == last["answer"]["content"]


async def visitor_token(server: ServerProcess, embed_key: str) -> str:
    visitor = GraphQLClient(server.url, origin=server.url)
    data = await visitor.execute(START_VISIT, {"key": embed_key})
    await visitor.close()
    token: str = data["startVisit"]["widgetToken"]
    return token


async def test_no_answer_is_lost_or_asked_for_twice(farm: Farm) -> None:
    moments = random.Random(SEED)
    servers = [farm.one, farm.other]
    await started(*servers)
    followers: list[tuple[Follower, asyncio.Task[None]]] = []
    async with model_that_says(speaking(PIECES, SECONDS_BETWEEN)) as model:
        admin = await signed_in(farm.one.url, farm.one.admin_email, farm.one.admin_password)
        embed_key = await Administrator(admin).chatbot_with_model(model.url)
        await admin.close()
        for _ in range(KILLS):
            victim, other = moments.sample(servers, 2)
            follower = Follower((victim, other), await visitor_token(other, embed_key))
            followers.append((follower, asyncio.create_task(follower.follow())))
            await asyncio.sleep(moments.uniform(0, len(PIECES) * SECONDS_BETWEEN + 0.3))
            await asyncio.to_thread(victim.kill)
            await started(victim)
        await asyncio.gather(*(task for _, task in followers))
        requests = len(model.requests)

    for follower, _ in followers:
        follower.check()
    assert requests <= 2 * KILLS
    completed = [one for one, _ in followers if one.events[-1]["__typename"] == "AnswerCompleted"]
    assert len(completed) > KILLS / 2, "an answer is interrupted only when it is killed twice"
