"""The product as `parlance serve` runs it, logs and all, and its admin as a caller."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.server_process import (
    STOP_DEADLINE_S,
    UNLIMITED,
    Server,
    free_port,
    wait_until_open,
)

EMAIL = "admin@example.com"
PASSWORD = "a password of the benchmark"
SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) {
    ... on SignInSuccess { accessToken } ... on UserError { code message }
  }
}
"""


@dataclass(frozen=True)
class SignedIn:
    """The platform's admin, with an access token."""

    origin: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the admin carries."""
        return {"authorization": f"Bearer {self.token}"}

    def execute(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of a response without errors."""
        return execute(self.origin, document, variables, self.headers)


def product_environment(data_dir: Path, port: int) -> dict[str, str]:
    """The settings of a server on a data folder, for it and for commands beside it."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PARLANCE_")},
        **UNLIMITED,
        "PARLANCE_DATA_DIR": str(data_dir),
        "PARLANCE_PORT": str(port),
        "PARLANCE_ADMIN_EMAIL": EMAIL,
        "PARLANCE_ADMIN_PASSWORD": PASSWORD,
        "PARLANCE_LOG_FORMAT": "json",
    }


@contextmanager
def running_product_server(
    data_dir: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run `parlance serve` on a data folder for the length of the block; its log is thrown away."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        env={**product_environment(data_dir, port), **(settings or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_open(port, child)
        yield Server(psutil.Process(child.pid), port)
    finally:
        child.terminate()
        child.wait(STOP_DEADLINE_S)


def sign_in(origin: str) -> SignedIn:
    """The admin, signed in."""
    variables = {"email": EMAIL, "password": PASSWORD}
    return SignedIn(origin, execute(origin, SIGN_IN, variables)["signIn"]["accessToken"])


def execute(
    origin: str,
    document: str,
    variables: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The data of a response without errors.

    Raises:
        RuntimeError: there are errors.
    """
    body = {"query": document, "variables": variables or {}}
    answer = httpx.post(
        f"{origin}/graphql", json=body, headers=headers, timeout=60, trust_env=False
    ).json()
    if answer.get("errors"):
        raise RuntimeError(f"the product answered {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data
