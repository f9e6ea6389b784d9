"""The fork server: a small process without secrets that makes the children and buries them.

It is started by exec with an empty environment, so that nothing of the application's memory is in
it or in any child. It speaks to the application over one socket; when that ends, all ends.
"""

import contextlib
import gc
import hashlib
import os
import selectors
import signal
import socket
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn

from services.hooks.sandbox.inside import child, exits, records
from services.hooks.sandbox.inside.kernel import landlock, namespaces, privileges, seccomp
from services.hooks.sandbox.inside.names import LOOKED_UP_BY_C
from services.hooks.sandbox.inside.plan import LAYERS, Layer, Plan

#: Codecs of texts that hooks decode; later nothing can be loaded any more.
_CODECS = ("ascii", "latin-1", "cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-32", "idna")


class ForkServer:
    """Forks on demand, kills on demand, and reports every end."""

    def __init__(self, control: socket.socket, plan: Plan) -> None:
        self._control = control
        self._pid = os.getpid()
        self._children: set[int] = set()
        self._locks = _prepared(plan)
        self._bell, ringing = socket.socketpair()
        self._bell.settimeout(0)
        ringing.settimeout(0)
        self._ringing = ringing

    def serve(self) -> None:
        """Work until the application is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._ringing.fileno(), warn_on_full_buffer=False)
        layers = [layer in self._locks.layers for layer in LAYERS]
        self._report(records.HELLO, records.bits(layers))
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _events in selector.select()}
                if self._bell in ready:
                    self._bell.recv(4096)
                    self._bury()
                if self._control in ready and not self._obey():
                    break
        self._kill_all()

    def _obey(self) -> bool:
        order = self._control.recv(records.ORDER.size, socket.MSG_WAITALL)
        if len(order) < records.ORDER.size:
            return False
        kind, pid = records.ORDER.unpack(order)
        if kind == records.FORK:
            self._fork()
        elif pid in self._children:  # not buried yet, so the number is still its own
            os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self) -> None:
        application, own = socket.socketpair()
        trace, tracing = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            self._report(records.NO_SPARE, 0)
        else:
            if pid == 0:
                _become_child(own.fileno(), tracing, self._pid, self._locks)
            self._children.add(pid)
            record = records.RECORD.pack(records.SPARE, pid, 0, 0, 0)
            socket.send_fds(self._control, [record], [application.fileno(), trace])
        finally:
            application.close()
            own.close()
            os.close(trace)
            os.close(tracing)

    def _bury(self) -> None:
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            cpu = int((usage.ru_utime + usage.ru_stime) * 1_000_000)
            self._report(records.EXIT, pid, status, cpu, usage.ru_maxrss)

    def _report(
        self, kind: bytes, pid: int, status: int = 0, cpu: int = 0, memory: int = 0
    ) -> None:
        self._control.sendall(records.RECORD.pack(kind, pid, status, cpu, memory))

    def _kill_all(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)


def _become_child(socket_fd: int, trace_fd: int, server: int, locks: child.Locks) -> NoReturn:
    try:
        child.live(socket_fd, trace_fd, server, locks)
    finally:
        os._exit(exits.BROKEN)


def _prepared(plan: Plan) -> child.Locks:
    """Give up rights for good, and find out which layers this machine has."""
    wanted = set(plan.layers)
    apart = "namespaces" in wanted and namespaces.leave_as_root()
    if "unprivileged" in wanted:
        privileges.become_nobody()
    if "namespaces" in wanted and not apart:
        apart = namespaces.leave_as_user()
    if "unprivileged" in wanted and sys.platform == "linux":
        privileges.drop_capabilities()
    there: dict[Layer, bool] = {
        "language": True,
        "unprivileged": os.geteuid() != 0,
        "limits": True,
        "timers": True,
        "no_new_privs": sys.platform == "linux",
        "landlock": landlock.version() > 0,
        "seccomp": seccomp.is_available(),
        "namespaces": apart,
    }
    layers = frozenset(layer for layer in LAYERS if layer in wanted and there[layer])
    rules = landlock.DenyAll() if "landlock" in layers else None
    calls = seccomp.PreparedFilter() if "seccomp" in layers else None
    return child.Locks(plan, layers, rules, calls)


def _load_everything() -> None:
    """Load what is loaded late otherwise, and then make loading impossible."""
    for codec in _CODECS:
        "x".encode(codec)
    for name in ("unicodedata", "traceback", "linecache", *LOOKED_UP_BY_C):
        if find_spec(name) is not None:  # some are younger than our oldest Python
            import_module(name)
    hashlib.new("sha256", b"").hexdigest()
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()


def main() -> None:
    """What `services.hooks.sandbox.fork_server` starts: arguments are a descriptor and a plan."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    _load_everything()  # nobody, who comes next, may not be able to read our files
    server = ForkServer(control, Plan.read(sys.argv[2]))
    gc.collect()
    gc.freeze()
    # when the application is gone, the children end with this process
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        server.serve()
