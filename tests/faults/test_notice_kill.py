"""A server that is killed between sending an event and noting it repeats that one, and no other."""

from pathlib import Path

import pytest

from tests.answers import asked
from tests.conftest import START_VISIT, signed_in
from tests.faults.told_chatbot import chatbot_that_tells
from tests.graphql_clients import GraphQLClient
from tests.receivers import Reply, receiver
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until

pytestmark = pytest.mark.faults


async def test_a_kill_between_sending_and_noting_repeats_that_attempt(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", PARLANCE_ALLOWED_ADDRESSES='["127.0.0.1"]')
    server.start()
    try:
        async with receiver() as outside:
            outside.replies.append(Reply(hangs=True))
            admin = await signed_in(server.url, server.admin_email, server.admin_password)
            key = await chatbot_that_tells(admin, outside.url)
            visitor = GraphQLClient(server.url, origin=server.url)
            started = await visitor.execute(START_VISIT, {"key": key})
            visitor.token = started["startVisit"]["widgetToken"]
            await asked(visitor, "When do you open?")

            async def was_sent() -> bool:
                return len(outside.received) == 1

            await until(was_sent)
            await visitor.close()
            await admin.close()
            server.kill()
            server.start()

            async def was_repeated() -> bool:
                return len(outside.received) == 2

            await until(was_repeated)
            first, second = outside.received
            assert first.headers["webhook-id"] == second.headers["webhook-id"]
            assert first.body == second.body
    finally:
        server.stop()
