"""No environment variable decides where a visitor's words go, or in whose name."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.providers.byte_server import Answer, Packets, byte_server
from tests.providers.recordings import WHOLE_TEXT, recorded
from tests.unit.llm.asking import KEY, PROVIDERS, STREAMS

REPOSITORY = Path(__file__).parents[3]
FOREIGN = "sk-foreign-key-from-the-environment"


def hostile_environment(trap: str) -> dict[str, str]:
    addresses = (
        "OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL",
        "OLLAMA_HOST", "LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "LANGSMITH_GATEWAY_URL",
        "OPENAI_PROXY", "ANTHROPIC_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
        "http_proxy", "https_proxy", "all_proxy",
    )  # fmt: skip
    keys = (
        "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION",
        "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY",
        "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "LANGSMITH_GATEWAY_API_KEY",
    )  # fmt: skip
    switches = ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        **dict.fromkeys(addresses, trap),
        **dict.fromkeys(keys, FOREIGN),
        **dict.fromkeys(switches, "true"),
        "LANGSMITH_GATEWAY": "true",
        "OPENAI_CUSTOM_HEADERS": f"x-foreign: {FOREIGN}",
        "ANTHROPIC_CUSTOM_HEADERS": f"x-foreign: {FOREIGN}",
        "LC_OUTPUT_VERSION": "v1",
        "NO_PROXY": "",
        "no_proxy": "",
    }


@pytest.mark.parametrize("reader", ["direct", "langchain"])
async def test_environment_has_no_effect_on_addresses_keys_and_headers(reader: str) -> None:
    answers = [Answer([Packets(recorded(STREAMS[provider]))]) for provider in PROVIDERS]
    async with byte_server() as trap, byte_server(*answers) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.unit.llm.ask_with_environment",
            server.url,
            reader,
            env=hostile_environment(trap.url),
            cwd=REPOSITORY,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert trap.connections == 0
    assert json.loads(out) == dict.fromkeys(PROVIDERS, WHOLE_TEXT)
    seen = [f"{request.headers} {request.body!r}" for request in server.requests]
    assert len(seen) == len(PROVIDERS)
    for request in seen:
        assert KEY in request
        assert FOREIGN not in request
        assert "x-stainless" not in request
