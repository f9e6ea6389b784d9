"""Keeps one mongod running: starts it, restarts it when it dies, stops it.

All of it happens on one thread of its own, which lives as long as its mongod. That is what
PR_SET_PDEATHSIG (see launcher) asks for, and it keeps a blocked event loop from delaying a restart.
The thread sleeps in `select` on mongod's output, which ends when mongod does.
"""

import atexit
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from documents.database import launcher
from documents.database.complaint import explain_exit
from documents.database.log_rotation import rotate_log

STOP_DEADLINE_S = 20.0
"""How long mongod may take for an orderly shutdown (usually 1 second) before it is killed."""

RESTART_DELAYS_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses before restarts that follow each other; the last one repeats."""

HEALTHY_AFTER_S = 2.0
"""After a mongod that ran this long, the pauses begin again at the first."""

_HOUSEKEEPING_S = 30.0
_KEPT_OUTPUT_BYTES = 4_000

log = structlog.get_logger()


@dataclass(frozen=True)
class MongodExit:
    """How mongod ended: its exit code (negative for a signal, None when it never ran)."""

    code: int | None
    output: str


class MongodSupervisor:
    """The owner of one mongod process. Not restartable: make a new one."""

    def __init__(self, command: Sequence[str], log_file: Path) -> None:
        self._command = _tied_to_this_process(command)
        self._log_file = log_file
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.settimeout(0)
        self._stopping = threading.Event()
        self._lasting = threading.Event()
        self._kill_at = float("inf")
        self._process: subprocess.Popen[bytes] | None = None
        self._exit: MongodExit | None = None
        self._restarts = 0
        self._owner = os.getpid()
        self._thread = threading.Thread(target=self._run, name="mongod-supervisor", daemon=True)

    @property
    def exit(self) -> MongodExit | None:
        """How mongod ended, once it has ended for good."""
        return None if self._thread.is_alive() else self._exit

    @property
    def pid(self) -> int | None:
        """The process id of the mongod that runs now."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def restarts(self) -> int:
        """How often mongod had to be started again."""
        return self._restarts

    def start(self) -> None:
        """Starts mongod. It is not restarted before `keep_running` is called."""
        self._thread.start()
        # Whoever forgets to close still gets an orderly shutdown.
        atexit.register(self.stop)

    def keep_running(self) -> None:
        """From now on mongod is restarted whenever it ends by itself."""
        self._lasting.set()

    def join(self, deadline_s: float) -> None:
        """Waits until mongod has ended for good, at most `deadline_s` seconds."""
        self._thread.join(deadline_s)

    def stop(self, deadline_s: float = STOP_DEADLINE_S) -> None:
        """Shuts mongod down, by force after `deadline_s`. Blocks until it has ended."""
        if os.getpid() != self._owner:  # a forked child that runs our atexit
            return
        atexit.unregister(self.stop)
        self._kill_at = time.monotonic() + deadline_s
        self._stopping.set()
        if not self._thread.is_alive():
            return
        with suppress(OSError):  # it ended meanwhile
            self._wake_writer.send(b"\0")
        self._thread.join(deadline_s + STOP_DEADLINE_S)
        if self._thread.is_alive():
            log.error("mongod_does_not_end", pid=self.pid)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            self._exit = self._run_once()
            if self._stopping.is_set() or not self._lasting.is_set():
                break
            failures = 0 if time.monotonic() - started > HEALTHY_AFTER_S else failures
            delay = RESTART_DELAYS_S[min(failures, len(RESTART_DELAYS_S) - 1)]
            failures += 1
            self._restarts += 1
            reason = explain_exit(self._exit.code, self._exit.output, self._log_file)
            log.error("mongod_died", reason=reason, restart_in_s=delay, exit_code=self._exit.code)
            self._stopping.wait(delay)
        self._wake_reader.close()
        self._wake_writer.close()

    def _run_once(self) -> MongodExit:
        rotate_log(self._log_file)
        try:
            process = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                cwd=self._log_file.parent,
                # Ctrl-C in a terminal reaches the whole group; mongod goes after the server.
                start_new_session=True,
            )
        except OSError as error:
            return MongodExit(None, error.strerror or type(error).__name__)
        self._process = process
        with process:
            output = self._watch(process)
        log.info("mongod_ended", pid=process.pid, exit_code=process.returncode)
        return MongodExit(process.returncode, output)

    def _watch(self, process: subprocess.Popen[bytes]) -> str:
        """Waits for the end of mongod's output and keeps the last of it."""
        output = b""
        stdout = process.stdout
        assert stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(self._wake_reader, selectors.EVENT_READ)
            self._terminate_if_stopping(process)  # asked for before there was a process
            while True:
                ready = {key.fileobj for key, _ in selector.select(self._patience())}
                if self._wake_reader in ready:
                    self._wake_reader.recv(16)
                    self._terminate_if_stopping(process)
                if stdout in ready:
                    chunk = stdout.read(4096)
                    if not chunk:
                        return output.decode(errors="replace")
                    output += chunk
                    if len(output) > _KEPT_OUTPUT_BYTES:  # whole lines, the last ones
                        output = output[-_KEPT_OUTPUT_BYTES:].partition(b"\n")[2]
                self._keep_house(process)

    def _patience(self) -> float:
        return min(_HOUSEKEEPING_S, max(0.0, self._kill_at - time.monotonic()) + 0.01)

    def _terminate_if_stopping(self, process: subprocess.Popen[bytes]) -> None:
        if self._stopping.is_set():
            process.terminate()

    def _keep_house(self, process: subprocess.Popen[bytes]) -> None:
        if time.monotonic() >= self._kill_at:
            log.warning("mongod_killed", pid=process.pid)
            process.kill()
            self._kill_at = float("inf")
        elif rotate_log(self._log_file):
            process.send_signal(signal.SIGUSR1)


def _tied_to_this_process(command: Sequence[str]) -> list[str]:
    """The command by way of the launcher, where the kernel can tie the two together.

    Elsewhere mongod outlives a killed parent, and the next start stops it (see orphan).
    """
    if sys.platform != "linux" or not sys.executable:
        return list(command)
    script = str(Path(launcher.__file__).absolute())
    return [sys.executable, "-I", "-S", script, str(os.getpid()), *command]
