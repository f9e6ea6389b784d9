"""The system-call filter of a hook's process: a short list works, a list kills, the rest fails.

The filter is a program of the kernel's classic BPF machine (`Documentation/userspace-api/
seccomp_filter.rst`), written out here because libseccomp's Python bindings run other programs when
they are imported.
"""

import ctypes
import errno
from collections.abc import Iterator
from dataclasses import dataclass

from services.hooks.sandbox.inside.kernel import system_calls

#: The child's two ways out: the socket to the application, and the pipe for a dying gasp.
SOCKET_FD = 3
TRACE_FD = 4

#: What memory, locks, clocks and a decent end need. Nothing here reaches outside the process.
HARMLESS = (
    *("munmap", "brk", "mremap", "madvise", "futex", "clock_gettime", "gettimeofday"),
    *("sched_yield", "getpid", "gettid", "restart_syscall", "rt_sigreturn", "exit_group", "exit"),
)

#: What no hook can ever mean well by: the process ends, and the hook is reported.
DEADLY = (
    *("execve", "execveat", "fork", "vfork", "clone", "clone3"),
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4"),
    *("sendto", "sendmsg", "kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open"),
    *("pidfd_send_signal", "pidfd_getfd", "ptrace", "process_vm_readv", "process_vm_writev"),
    *("mount", "umount2", "move_mount", "mount_setattr", "open_tree", "fsopen", "pivot_root"),
    *("chroot", "unshare", "setns", "bpf", "init_module", "finit_module", "delete_module"),
    *("kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "keyctl", "add_key"),
    *("request_key", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter"),
    *("io_uring_register", "open_by_handle_at", "name_to_handle_at", "setuid", "setgid"),
    *("setresuid", "setresgid", "personality", "memfd_create", "shmget", "shmat"),
)

PROT_EXEC = 4
SIGSEGV = 11
ARCHITECTURES = (0xC000003E, 0xC00000B7)  # AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
X32_BIT = 0x40000000

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
REFUSE = 0x00050000 | errno.EPERM

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
#: Stands for the process until it is known; no system call or constant has this number.
_ANY_PID = 0x7FFFFFFE
_SET_MODE_FILTER, _GET_ACTION_AVAILABLE = 1, 2


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: what to do, how far to jump if true or false, and the operand."""

    code: int
    then: int
    otherwise: int
    operand: int


class _Filter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Filter)))


def program(column: int, pid: int) -> list[Step]:
    """The filter for a machine (a column of the table) and for the process that will have it."""
    steps = [
        Step(_LOAD, 0, 0, _ARCHITECTURE),
        Step(_EQUAL, 1, 0, ARCHITECTURES[column]),
        Step(_RETURN, 0, 0, KILL_PROCESS),
        Step(_LOAD, 0, 0, _NUMBER),
    ]
    if column == 0:  # the x32 calls have numbers of their own on the same architecture
        steps += [Step(_AT_LEAST, 0, 1, X32_BIT), Step(_RETURN, 0, 0, KILL_PROCESS)]
    steps += _with_conditions(column, pid)
    for names, verdict in ((HARMLESS, ALLOW), (DEADLY, KILL_PROCESS)):
        for number in _numbers(names, column):
            steps += [Step(_EQUAL, 0, 1, number), Step(_RETURN, 0, 0, verdict)]
    return [*steps, Step(_RETURN, 0, 0, REFUSE)]


def _numbers(names: tuple[str, ...], column: int) -> Iterator[int]:
    for name in names:
        number = system_calls.NUMBERS[name][column]
        if number is not None:
            yield number


def _with_conditions(column: int, pid: int) -> list[Step]:
    """Calls that are good with some arguments only; what does not fit is refused."""
    not_executable = [
        Step(_LOAD, 0, 0, _argument(2)),
        Step(_ANY_BIT, 0, 1, PROT_EXEC),
        Step(_RETURN, 0, 0, REFUSE),
        Step(_RETURN, 0, 0, ALLOW),
    ]
    # A crash may put back its own default and raise itself again: that is how its line gets out.
    own_crash = [
        *_only_if(0, (pid,)),
        *_only_if(2, (SIGSEGV,)),
        Step(_RETURN, 0, 0, ALLOW),
    ]
    blocks = {
        "write": [*_only_if(0, (SOCKET_FD, TRACE_FD)), Step(_RETURN, 0, 0, ALLOW)],
        "read": [*_only_if(0, (SOCKET_FD,)), Step(_RETURN, 0, 0, ALLOW)],
        "mmap": not_executable,
        "mprotect": not_executable,
        "rt_sigaction": [*_only_if(0, (SIGSEGV,)), Step(_RETURN, 0, 0, ALLOW)],
        "tgkill": own_crash,
    }
    steps: list[Step] = []
    for name, block in blocks.items():
        number = system_calls.NUMBERS[name][column]
        if number is not None:
            steps += [Step(_EQUAL, 0, len(block), number), *block]
    return steps


def _argument(index: int) -> int:
    return 16 + 8 * index  # the low half: both machines are little-endian


def _only_if(index: int, values: tuple[int, ...]) -> list[Step]:
    """Goes on if the argument is one of the values, else refuses."""
    tests = [Step(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [Step(_LOAD, 0, 0, _argument(index)), *tests, Step(_RETURN, 0, 0, REFUSE)]


def is_available() -> bool:
    """Whether this kernel can kill a process at a system call."""
    action = ctypes.c_uint32(KILL_PROCESS)
    try:
        system_calls.call("seccomp", _GET_ACTION_AVAILABLE, 0, ctypes.byref(action))
    except OSError:
        return False
    return True


class PreparedFilter:
    """The filter as the kernel reads it, laid out once and then given to each process.

    Raises:
        OSError: there are no numbers of system calls for this machine.
    """

    def __init__(self) -> None:
        place = system_calls.column()
        if place is None:
            raise OSError(38, "no system-call numbers for this machine")
        steps = program(place, _ANY_PID)
        self._steps = (_Filter * len(steps))(
            *(_Filter(step.code, step.then, step.otherwise, step.operand) for step in steps)
        )
        self._pid_at = [step.operand for step in steps].index(_ANY_PID)
        self._program = _Program(len(steps), self._steps)

    def belong_to(self, pid: int) -> None:
        """Name the process that may raise a crash of its own again."""
        self._steps[self._pid_at].k = pid

    def install(self) -> None:
        """Put it in force for the rest of this process's life.

        Raises:
            OSError: the kernel refused.
        """
        system_calls.call("seccomp", _SET_MODE_FILTER, 0, ctypes.byref(self._program))
