"""How much a hook may use, how many run at once, and which layers hold them."""

from dataclasses import dataclass, field

from services.hooks.sandbox.inside.plan import LAYERS, Layer

LONGEST_SOURCE_BYTES = 64 * 1024
LONGEST_ARGUMENTS_BYTES = 1024 * 1024
#: So many times as many hooks as there are places may wait for the replies of hosts beside those
#: that run: a few clients with slow hosts hold nobody else up, and the memory has an end.
LENT_PER_PLACE = 4
LONGEST_REPLY_BYTES = 256 * 1024
MOST_REQUESTS = 5


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The clocks of one run, in seconds.

    At `cpu_tell` a hook is ended between two steps of Python, with its line; at `cpu` the kernel
    kills it wherever it is. `wall` does not count the time of requests, which have `requests` for
    all of a run together.
    """

    cpu_tell: float = 0.2
    cpu: float = 0.35
    wall: float = 3.0
    requests: float = 2.5
    #: Of all that a process says: more than all prints, requests and the longest result together.
    heard_bytes: int = 1024 * 1024


#: Checks have places of their own, or they would take those of chats for seconds.
CHECKS_AT_ONCE = 2
CHECKS_PER_CLIENT = 1
LONGEST_WAIT_FOR_A_CHECK = 10.0
#: Compiling 64 KB of code takes longer than any hook should.
CHECK_LIMITS = RunLimits(cpu_tell=2.0, cpu=2.5, wall=6.0, requests=0.0, heard_bytes=4 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox is set up."""

    most_at_once: int = 8
    most_per_client: int = 4
    #: A call waits so long for its turn and a free process, in seconds.
    longest_wait: float = 2.0
    most_waiting: int = 500
    memory_bytes: int = 160 * 1024 * 1024
    limits: RunLimits = field(default_factory=RunLimits)
    #: Whether hooks run where the kernel cannot filter system calls: not in production.
    needs_seccomp: bool = True
    layers: tuple[Layer, ...] = LAYERS
