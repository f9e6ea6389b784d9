"""Two servers on one database: what a visitor may ask and a client may use holds for both together.

Time budget: 40 seconds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.answers import asked
from tests.api.operations import OPEN, done, new_chatbot, new_slug
from tests.conftest import CREATE_CLIENT, START_VISIT, signed_in
from tests.faults.test_server_kill import Pair, started, two_servers
from tests.graphql_clients import GraphQLClient
from tests.redis_server import running_redis

pytestmark = pytest.mark.faults
QUESTIONS = 4
QUOTA = 5


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["database", pytest.param("redis", marks=pytest.mark.redis)],
)
async def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Two servers that count questions in Redis, or else in the database."""
    folder: Path = tmp_path_factory.mktemp("limits")
    rate = {"PARLANCE_QUESTIONS_PER_VISITOR": str(QUESTIONS)}
    if request.param == "database":
        async with two_servers(folder, **rate) as servers:
            yield servers
        return
    with running_redis(folder) as redis:
        async with two_servers(folder, PARLANCE_REDIS_URL=redis.url, **rate) as servers:
            yield servers


async def embed_key_of_a_new_client(pair: Pair, **limits: int) -> str:
    """A chatbot of a client of its own with these limits."""
    admin = await signed_in(pair.one.url, pair.one.admin_email, pair.one.admin_password)
    made = await admin.execute(CREATE_CLIENT, {"slug": new_slug()})
    client_id = made["createClient"]["client"]["id"]
    if limits:
        await done(admin, "updateClient", {"id": client_id, **limits}, "client { id }")
    chatbot = await new_chatbot(admin, client_id, settings=OPEN)
    facts = await admin.execute(
        "query ($id: ID!) { chatbot(id: $id) { embedKey } }", {"id": chatbot}
    )
    await admin.close()
    return str(facts["chatbot"]["embedKey"])


async def visitor_on_both(pair: Pair, embed_key: str) -> list[GraphQLClient]:
    """One visitor, as a caller of each server."""
    one = GraphQLClient(pair.one.url, origin=pair.one.url)
    started_visit = (await one.execute(START_VISIT, {"key": embed_key}))["startVisit"]
    one.token = started_visit["widgetToken"]
    return [one, GraphQLClient(pair.other.url, one.token, origin=one.origin)]


async def ends_of(callers: list[GraphQLClient], count: int) -> Counter[str]:
    """How so many questions of a visitor end that are put to both servers at once."""
    streams = await asyncio.gather(
        *(asked(callers[n % 2], "What is Parlance?") for n in range(count))
    )
    return Counter(str(events[-1].get("code", events[-1]["__typename"])) for events in streams)


async def test_a_visitor_asks_as_often_as_one_may_whichever_server_answers(
    pair: Pair,
) -> None:
    await started(pair.one, pair.other)
    callers = await visitor_on_both(pair, await embed_key_of_a_new_client(pair))
    ends = await ends_of(callers, QUESTIONS + 3)
    assert ends == {"AnswerCompleted": QUESTIONS, "RATE_LIMITED": 3}
    for caller in callers:
        await caller.close()


async def test_a_quota_is_used_up_by_both_servers_together(pair: Pair) -> None:
    await started(pair.one, pair.other)
    embed_key = await embed_key_of_a_new_client(pair, monthlyQuota=QUOTA)
    visitors = [await visitor_on_both(pair, embed_key) for _ in range(3)]
    ends = sum([await ends_of(callers, QUESTIONS) for callers in visitors], Counter[str]())
    assert ends == {"AnswerCompleted": QUOTA, "QUOTA_EXCEEDED": 3 * QUESTIONS - QUOTA}
    for caller in [one for callers in visitors for one in callers]:
        await caller.close()
