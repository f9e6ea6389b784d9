"""Writes both lock files: `make lock`, after a change of the dependencies in pyproject.toml.

Universal (one file for every platform and Python), with hashes, without registry addresses. The
test lock is made under the constraints of the other, so that both name one version of a package.
What is pinned stays so unless pyproject.toml forbids it; `make lock UPGRADE=1` moves everything.
"""

import os
import shlex
import sys

from set_up.steps import REPOSITORY, run, say
from set_up.virtual_environment import RUNTIME_LOCK, TEST_LOCK

#: The resolver's version is pinned because another one may order or mark the file differently.
UV = "uv==0.13.8"

_VENV = REPOSITORY / ".venv-lock"
_COMPILE = shlex.split("""
    pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate
    --python-version 3.11 --group build pyproject.toml
""")
_RUNTIME = ["--extra", "embedded"]
_TESTS = ["--all-extras", "--constraints", RUNTIME_LOCK.name]


def write() -> None:
    """Writes requirements.lock and requirements-test.lock.

    Raises:
        CommandError: The resolver failed, for example because two requirements cannot both be met.
    """
    uv = _VENV / "bin" / "uv"
    if not uv.exists():
        say("fetching the resolver into .venv-lock")
        run([sys.executable, "-m", "venv", "--clear", str(_VENV)])
    run([str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", UV])
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    for lock, extras in ((RUNTIME_LOCK, _RUNTIME), (TEST_LOCK, _TESTS)):
        say(f"writing {lock.name}")
        command = [str(uv), *_COMPILE, *extras, *upgrade, "--output-file", lock.name]
        run(command, environment={"UV_CUSTOM_COMPILE_COMMAND": "make lock"})
