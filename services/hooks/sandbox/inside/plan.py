"""What the application tells its fork server at the start: nothing secret, as an argument."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

Layer = Literal[
    "language",
    "unprivileged",
    "limits",
    "timers",
    "no_new_privs",
    "landlock",
    "seccomp",
    "namespaces",
]
#: From the outermost to the innermost, as they are reported.
LAYERS: tuple[Layer, ...] = get_args(Layer)


@dataclass(frozen=True, slots=True)
class Plan:
    """Which layers are wanted, and how much memory (address space) a hook may have."""

    layers: tuple[Layer, ...] = LAYERS
    memory_bytes: int = 160 * 1024 * 1024
    #: The kernel's own last limit of CPU, in whole seconds.
    cpu_seconds: int = 4

    def written(self) -> str:
        """As an argument of a program."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, argument: str) -> "Plan":
        """From the argument."""
        values = json.loads(argument)
        return cls(tuple(values["layers"]), values["memory_bytes"], values["cpu_seconds"])
