"""Time from `make run` to the first answer, on a machine where it has run before.

Everything a newcomer waits for is in it: make's own checks, the embedded database with an empty
data folder, migrations, the demo chatbot, and the answer over WebSocket.
"""

import asyncio
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.demo_visit import start_visit
from benchmarks.load_client import send
from benchmarks.server_process import free_port

REPOSITORY = Path(__file__).resolve().parent.parent
READY_DEADLINE_S = 300.0
ANSWER_DEADLINE_S = 60.0
STOP_DEADLINE_S = 60.0

ASK = """
subscription Ask($input: AskInput!) { ask(input: $input) {
  __typename seq ... on AnswerDelta { text } ... on AnswerFailed { code text }
} }
"""


@dataclass(frozen=True)
class FirstAnswer:
    """Seconds since `make run` was started."""

    ready_s: float
    first_text_s: float
    completed_s: float


class NoAnswerError(Exception):
    """The application did not get as far as an answer."""


def measure_first_answer() -> FirstAnswer:
    """Start `make run` with an empty data folder, ask the demo chatbot, stop it again.

    Raises:
        NoAnswerError: there is no `make run`, or no answer came.
    """
    if not (REPOSITORY / "Makefile").exists():
        raise NoAnswerError("there is no Makefile")
    port = free_port()
    started = time.monotonic()
    with running_application(port) as child:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", child)
        ready_s = time.monotonic() - started
        first_text_at, completed_at = asyncio.run(ask_once(port))
    return FirstAnswer(ready_s, first_text_at - started, completed_at - started)


@contextmanager
def running_application(port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `make run` for the length of the block, in a process group of its own."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "output").open("w+") as output:
        environment = {
            **os.environ,
            "PARLANCE_DATA_DIR": str(Path(folder) / "data"),
            "PARLANCE_PORT": str(port),
        }
        child = subprocess.Popen(
            ["make", "run"],
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield child
        except Exception as error:
            raise NoAnswerError(f"{error}; it printed: {tail(output)}") from error
        finally:
            stop(child)


def stop(child: subprocess.Popen[str]) -> None:
    """End the process group, make and everything that it started."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
    child.wait(STOP_DEADLINE_S)


def tail(output: TextIO) -> str:
    """Return the end of what the application printed."""
    output.seek(0)
    return output.read()[-2_000:]


def wait_until_ready(url: str, child: subprocess.Popen[str]) -> None:
    """Poll the readiness route.

    Raises:
        TimeoutError: it is not ready within READY_DEADLINE_S.
        ChildProcessError: `make run` has ended.
    """
    deadline = time.monotonic() + READY_DEADLINE_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise ChildProcessError(f"make run ended with code {child.returncode}")
        try:
            if httpx.get(url, timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"not ready after {READY_DEADLINE_S} s")


async def ask_once(port: int) -> tuple[float, float]:
    """Ask the demo chatbot; return the moments of the first text and of the end."""
    origin = f"http://127.0.0.1:{port}"
    token = await asyncio.to_thread(start_visit, origin)
    async with (
        asyncio.timeout(ANSWER_DEADLINE_S),
        connect(
            f"ws://127.0.0.1:{port}/graphql",
            origin=Origin(origin),
            subprotocols=[Subprotocol("graphql-transport-ws")],
        ) as socket,
    ):
        payload = {"authorization": f"Bearer {token}"}
        await send(socket, {"type": "connection_init", "payload": payload})
        await socket.recv()
        question = {"text": "What is Parlance?", "idempotencyKey": str(uuid.uuid4())}
        operation = {"query": ASK, "variables": {"input": question}}
        await send(socket, {"type": "subscribe", "id": "1", "payload": operation})
        return await follow(socket)


async def follow(socket: ClientConnection) -> tuple[float, float]:
    """Read the answer to its end."""
    first_text_at = None
    async for frame in socket:
        event = orjson.loads(frame)
        if event["type"] != "next" or event["payload"].get("errors"):
            raise NoAnswerError(f"the stream gave {event}")
        answer = event["payload"]["data"]["ask"]
        if answer["__typename"] == "AnswerFailed":
            raise NoAnswerError(f"the answer failed: {answer}")
        if answer["__typename"] == "AnswerDelta" and first_text_at is None:
            first_text_at = time.monotonic()
        if answer["__typename"] == "AnswerCompleted" and first_text_at is not None:
            return first_text_at, time.monotonic()
    raise NoAnswerError("the socket closed before the answer was complete")
