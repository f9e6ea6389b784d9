"""A server that gets ready for the first question while it serves already."""

import asyncio

import pytest

from tests.administration import Administrator
from tests.conftest import signed_in
from tests.server_process import ServerProcess

PATIENCE_SECONDS = 200


@pytest.mark.timeout(400)
async def test_a_started_server_is_ready_at_once_and_warms_its_models_up_behind(
    own_server: ServerProcess,
) -> None:
    own_server.start()
    admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
    await Administrator(admin).chatbot_asking("OLLAMA", "http://127.0.0.1:9")
    await admin.close()
    assert "model_warmed_up" not in own_server.log, "LOCAL alone has nothing to import"

    own_server.restart()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "model_warmed_up" not in own_server.log:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.05)
    lines = own_server.log.splitlines()
    ready = max(number for number, line in enumerate(lines) if "ready" in line.split())
    warm = next(number for number, line in enumerate(lines) if "model_warmed_up" in line)
    assert ready < warm, lines[-10:]
    assert "ollama" in lines[warm]
