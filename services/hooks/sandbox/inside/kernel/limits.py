"""What one hook's process may use at most, as the kernel counts it."""

import os
import resource

#: Descriptors 0 to 4 are taken, so that there is no number left for another.
DESCRIPTORS = 5
#: Steps behind the application in the row for the processor: a chat goes before a hook that loops.
NICER = 5


def limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Bind this process: memory, files, processes, and CPU as a last resort."""
    os.nice(NICER)
    for name, value in (
        ("RLIMIT_AS", memory_bytes),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", DESCRIPTORS),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_CPU", cpu_seconds),
    ):
        number = getattr(resource, name, None)
        if number is not None:
            resource.setrlimit(number, (value, value))
