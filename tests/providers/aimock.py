"""@copilotkit/aimock under Node, as a provider in the wire formats of OpenAI, Anthropic, Ollama.

Start one per test session (it takes a third of a second) and `reset()` it between tests.
"""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.providers.node import node_binary

REPOSITORY = Path(__file__).parents[2]
PROGRAM = REPOSITORY / "node_modules/@copilotkit/aimock/dist/cli.js"
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 20.0
_LISTENING = re.compile(r"listening on (http://\S+)")


class Aimock:
    """A running aimock and its control interface."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=5.0)

    def address_for(self, provider: str) -> str:
        """The `api_url` of a config of this provider."""
        return f"{self.url}/v1" if provider.startswith("openai") else self.url

    def says(self, question: str, content: str, **extras: Any) -> None:
        """Answer questions that contain `question`.

        Extras are aimock's: streamingProfile={ttft, tps, jitter}, latency, chunkSize,
        truncateAfterChunks, disconnectAfterMs, chaos.
        """
        self.add({"match": {"userMessage": question}, "response": {"content": content}, **extras})

    def fails(self, question: str, status: int, message: str, **extras: Any) -> None:
        """Answer questions that contain `question` with an error."""
        response = {"error": {"message": message, "type": "test_error"}, "status": status}
        self.add({"match": {"userMessage": question}, "response": response, **extras})

    def add(self, *fixtures: dict[str, Any]) -> None:
        self._post("fixtures", {"fixtures": fixtures})

    def chaos(self, **rates: float) -> None:
        """For all requests: dropRate, malformedRate, disconnectRate, rateLimitRate, latencyMs."""
        self._post("chaos", rates)

    def journal(self) -> list[dict[str, Any]]:
        """Every request since the last reset."""
        entries = self._http.get("/__aimock/journal").raise_for_status().json()
        assert isinstance(entries, list)
        return entries

    def reset(self) -> None:
        self._post("reset", {})
        self._http.delete("/__aimock/chaos").raise_for_status()

    def close(self) -> None:
        self._http.close()

    def _post(self, what: str, body: Any) -> None:
        answer = self._http.post(f"/__aimock/{what}", json=body)
        assert answer.is_success, answer.text


@contextmanager
def running_aimock(folder: Path) -> Iterator[Aimock]:
    """A new aimock on a free loopback port; `folder` gets its empty set of fixtures."""
    fixtures = folder / "aimock.json"
    fixtures.write_text(
        '{"fixtures": [{"match": {"userMessage": "~"}, "response": {"content": ""}}]}'
    )
    command = [node_binary(), str(PROGRAM), "--port", "0", "--fixtures", str(fixtures)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as node:
        stopper = threading.Timer(START_DEADLINE_S, node.kill)
        stopper.start()
        try:
            mock = Aimock(_address(node))
            stopper.cancel()
            drain = threading.Thread(target=_drain, args=(node,), daemon=True)
            drain.start()
            mock.reset()
            yield mock
            mock.close()
        finally:
            stopper.cancel()
            node.terminate()
            try:
                node.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                node.kill()


def _address(node: "subprocess.Popen[str]") -> str:
    assert node.stdout is not None
    said = []
    for line in node.stdout:
        said.append(line)
        if found := _LISTENING.search(line):
            return found.group(1)
    raise RuntimeError(f"aimock did not start: {''.join(said)}")


def _drain(node: "subprocess.Popen[str]") -> None:
    # A full pipe would stop the server.
    assert node.stdout is not None
    for _ in node.stdout:
        pass
