"""What goes into the sandbox and what comes out of it.

A hook is a tenant's own Python. The application never runs a line of it and never opens what it
compiled to: it hands over text or an opaque blob, and reads a verdict that the operating system
vouches for.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: How a run ended. `security_violation` is a killed forbidden system call, `sandbox_failed` is ours
#: to mend (no free child, a dead fork server) and says nothing about the hook.
Verdict = Literal[
    "ok",
    "invalid_code",
    "raised",
    "cpu_limit",
    "wall_limit",
    "memory_limit",
    "output_limit",
    "bad_result",
    "security_violation",
    "sandbox_failed",
]


@dataclass(frozen=True, slots=True)
class CodeIssue:
    """One thing that keeps a hook from being saved; lines count from 1, columns too."""

    line: int
    column: int | None
    problem: str
    hint: str | None


class NotCheckedError(Exception):
    """A source could not be checked now, which says nothing about it; the text says why not."""


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """What a check found. `compiled` is for `Sandbox.run` only, and may be kept.

    It is good for the same source under the same `Sandbox.policy_version`, and None when there is
    any issue.
    """

    issues: tuple[CodeIssue, ...]
    functions: frozenset[str]
    compiled: bytes | None
    #: Whether it says of itself that its `after_llm` only adds to the end of an answer.
    appends: bool = False


@dataclass(frozen=True, slots=True)
class HookCall:
    """One function of a checked hook, with its arguments by name as JSON values."""

    compiled: bytes
    function: str
    arguments: Mapping[str, Any]
    #: Whose share of the sandbox this call uses: calls of one client never fill it alone.
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that a hook asks the application to make. Nothing in it is trusted."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str]
    body: str | None


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What the hook gets back: a reply, or an `error` that says in a sentence why there is none."""

    status: int
    headers: Mapping[str, str]
    body: str
    error: str | None = None


#: Performs a hook's request. It decides on hosts, secrets and redirects; the sandbox counts the
#: calls, holds the deadline and cuts off what is too long.
HttpDoor = Callable[[HttpRequest], Awaitable[HttpReply]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call ended, as its author may read it."""

    verdict: Verdict
    #: A sentence that says what went wrong; None when nothing did.
    problem: str | None
    #: The author's own line at which it stopped, counted from 1, where it is known.
    line: int | None
    #: That line with its neighbours and a marker.
    excerpt: str | None
    #: What the function returned: a dict, or None when it returned None.
    result: dict[str, Any] | None
    prints: str
    wall_ms: float
    cpu_ms: float
    memory_mb: float
