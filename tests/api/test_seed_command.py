"""`parlance seed` beside a running server: made, ended by Ctrl-C, gone on with, taken away."""

import signal
import subprocess
import sys
import time

from tests.api.operations import database_of
from tests.api.test_command_line import check_refused, command
from tests.graphql_clients import GraphQLClient
from tests.server_process import ROOT, ServerProcess

SIZE = ("--clients", "2", "--chatbots", "3", "--messages", "3000")
SEEDED = """
{ clients(filter: {text: "seed-"}, first: 10) { edges { node { slug chatbots { totalCount } } } } }
"""


async def steps_made(server: ServerProcess) -> int:
    async with database_of(server) as database:
        found = await database.database["installation"].find_one({"_id": "installation"})
    return int(((found or {}).get("seeds") or {}).get("steps", 0))


async def messages(server: ServerProcess) -> tuple[int, int]:
    """How many messages there are, and how many the conversations say there are."""
    seeded = {"client_id": {"$regex": "^seed-"}}
    async with database_of(server) as database:
        there = await database.database["messages"].count_documents(seeded)
        conversations = await database.database["conversations"].find(seeded).to_list()
    return there, sum(one["message_count"] for one in conversations)


def begun(server: ServerProcess) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "seed", *SIZE],
        cwd=ROOT,
        env=server.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def test_seeds_survive_ctrl_c_and_are_taken_away(
    server: ServerProcess, admin: GraphQLClient
) -> None:
    making = begun(server)
    give_up_at = time.monotonic() + 100
    while await steps_made(server) < 1 and time.monotonic() < give_up_at:
        assert making.poll() is None
    making.send_signal(signal.SIGINT)
    told, _ = making.communicate(timeout=60)

    there, said = await messages(server)
    assert there == said
    assert "Traceback" not in told

    finished = command(server, "seed", *SIZE)
    assert finished.returncode == 0, finished
    assert "2 seeded clients with 3 chatbots and 3000 messages" in finished.stdout
    assert await messages(server) == (3_000, 3_000)
    seen = (await admin.execute(SEEDED))["clients"]["edges"]
    assert [one["node"]["chatbots"]["totalCount"] for one in seen] == [2, 1]
    check_refused(command(server, "seed", *SIZE[:-1], "10"), "--messages 3000", "--remove")

    removed = command(server, "seed", "--remove")
    assert "Removed 2 clients." in removed.stdout
    assert await messages(server) == (0, 0)


def test_production_wants_to_be_forced(server: ServerProcess) -> None:
    result = command(server, "seed", *SIZE, PARLANCE_ENVIRONMENT="production")
    check_refused(result, "production", "--force")
