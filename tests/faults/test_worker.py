"""Background work in a process of its own, beside a server that leaves it alone."""

from pathlib import Path

import httpx
import pytest

from tests.answers import asked
from tests.conftest import START_VISIT, signed_in
from tests.faults.test_server_kill import two_servers
from tests.faults.told_chatbot import chatbot_that_tells
from tests.graphql_clients import GraphQLClient
from tests.receivers import Received, receiver
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
METRICS_TOKEN = "a-token-of-the-operators"


class WorkerProcess(ServerProcess):
    """A `parlance worker`."""

    kind = "worker"


async def test_what_a_server_leaves_is_done_by_a_worker_also_after_a_kill(tmp_path: Path) -> None:
    shared = {
        "PARLANCE_ALLOWED_ADDRESSES": '["127.0.0.1"]',
        "PARLANCE_BACKGROUND_WORK": "false",
        "PARLANCE_METRICS_TOKEN": METRICS_TOKEN,
    }
    async with receiver() as outside, two_servers(tmp_path, **shared) as pair:
        server = pair.one
        worker = WorkerProcess(tmp_path / "worker", **server._settings)
        server.start()
        admin = await signed_in(server.url, server.admin_email, server.admin_password)
        key = await chatbot_that_tells(admin, outside.url)
        visitor = GraphQLClient(server.url, origin=server.url)
        visitor.token = (await visitor.execute(START_VISIT, {"key": key}))["startVisit"][
            "widgetToken"
        ]
        try:
            await asked(visitor, "When do you open?")
            assert not outside.received
            worker.start()
            await until_told(outside.received, 1)
            await check_watched(worker)

            worker.kill()
            await asked(visitor, "And on Sundays?")
            worker.start()
            await until_told(outside.received, 2)
            assert worker.stop() == 0
        finally:
            await visitor.close()
            await admin.close()
            worker.stop()


async def until_told(received: list[Received], count: int) -> None:
    """Wait until so many events came; a kill may repeat one, with the same id."""

    async def were_told() -> bool:
        return len({one.headers["webhook-id"] for one in received}) == count

    await until(were_told)


async def check_watched(worker: ServerProcess) -> None:
    """Operators see a worker as they see a server, and nobody else sees anything."""
    async with httpx.AsyncClient(base_url=worker.url, trust_env=False, timeout=30) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).json() == {"ready": True}
        assert (await http.get("/metrics")).status_code == 401
        headers = {"authorization": f"Bearer {METRICS_TOKEN}"}
        told = (await http.get("/metrics", headers=headers)).text
        assert 'parlance_notice_attempts_total{kind="webhook",outcome="delivered"} 1.0' in told
        for path in ("/graphql", "/demo", "/widget.js"):
            assert (await http.post(path)).status_code == 404
