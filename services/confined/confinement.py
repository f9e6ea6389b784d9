"""What a reading process may still do once its parsers are loaded: compute, and answer.

Without a single further file descriptor there is no socket, no file and no pipe, whatever a file
makes a parser do; with a bound on its address space and its CPU time it cannot take the machine
along. Limits that an operating system does not know are left out: the server's own deadline and
the process boundary remain.
"""

import contextlib
import resource

LIFETIME_CPU_S = 3_600
"""CPU seconds after which a process ends whatever it is doing; it is replaced long before."""


def confine(memory_bytes: int) -> None:
    """Give up what reading needs no more. Cannot be undone.

    Args:
        memory_bytes: Largest address space.
    """
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_CPU, LIFETIME_CPU_S)
    _lower(resource.RLIMIT_NOFILE, 0)


def allow_cpu(seconds: int) -> None:
    """From now on so many seconds of CPU time; then the operating system ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ends_at = int(used.ru_utime + used.ru_stime) + 1 + seconds
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (min(ends_at, hard), hard))


def _lower(limit: int, value: int) -> None:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(limit, (value, value))
