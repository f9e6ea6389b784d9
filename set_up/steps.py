"""What every step of the set-up shares: where things are, running a command, one run at a time."""

import collections
import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VENV = REPOSITORY / ".venv"
VENV_PYTHON = VENV / "bin" / "python"

#: Lines of a failed command that are shown: npm gives its reason first, pip and apt-get last.
FIRST_LINES_SHOWN = 10
LAST_LINES_SHOWN = 25


class SetUpError(Exception):
    """A step could not be done; the message says what a person can do about it."""


class CommandError(SetUpError):
    """A command that the set-up ran failed."""

    def __init__(self, command: Sequence[str], status: int, lines: Sequence[str]) -> None:
        self.command = tuple(command)
        self.status = status
        self.lines = tuple(lines)
        shown = "\n".join(f"    {line}" for line in lines)
        super().__init__(f"`{' '.join(command)}` ended with status {status}\n{shown}")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds a lock so that two `make` at once do not build the same environment twice.

    The lock is on this folder itself: no file is left behind, and the kernel releases it when the
    process dies.
    """
    folder = os.open(REPOSITORY / "set_up", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running in this folder; waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def say(text: str) -> None:
    """Tells the person at the terminal what happens, at once."""
    print(f"set-up: {text}", file=sys.stderr, flush=True)


class Progress:
    """One line that counts up at a terminal; every tenth step on a line of its own in a log."""

    def __init__(self, *, total: int) -> None:
        self._total = total
        self._done = 0
        self._rewrites = sys.stderr.isatty()

    def step(self, name: str) -> None:
        """Counts one more step, up to the total, and shows its name."""
        self._done = min(self._done + 1, self._total)
        line = f"  [{self._done}/{self._total}] {name}"
        if self._rewrites:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif self._done % 10 == 0 or self._done == self._total:
            print(line, file=sys.stderr, flush=True)

    def finish(self) -> None:
        """Ends the rewritten line, so that what follows stands on its own."""
        if self._rewrites:
            print(file=sys.stderr, flush=True)


def fingerprint(*parts: Path | str) -> str:
    """Returns the SHA-256, in hexadecimal, of the files and words that a step depends on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def run(
    command: Sequence[str],
    *,
    on_line: Callable[[str], None] | None = None,
    environment: dict[str, str] | None = None,
) -> None:
    """Runs a command in the repository, its output kept back unless it fails.

    Args:
        command: The program and its arguments.
        on_line: Called with every line of output as it comes, to show progress.
        environment: Variables on top of the present ones.

    Raises:
        CommandError: The command ended with another status than 0; carries some of its lines.
    """
    first: list[str] = []
    last: collections.deque[str] = collections.deque(maxlen=LAST_LINES_SHOWN)
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            (first if len(first) < FIRST_LINES_SHOWN else last).append(line.rstrip())
            if on_line is not None:
                on_line(line.rstrip())
    if process.returncode != 0:
        raise CommandError(command, process.returncode, [*first, *last])
