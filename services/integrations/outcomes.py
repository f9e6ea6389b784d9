"""What came of handing something to a receiver, the same for every kind of integration."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from services.integrations.hiding import without_secrets

MAX_REQUEST_EXCERPT = 2_000
MAX_RESPONSE_EXCERPT = 1_000
"""Characters that are kept of what was sent, and of what was answered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went; no `problem`: the receiver has it.

    Attributes:
        problem: A sentence for the client's people, without secrets.
        retry_after_s: When the receiver wants to be asked again, in seconds.
        is_final: Another attempt would be refused just so.
        is_over: The receiver wants to be told of nothing any more.
        handled: Those of several receivers who need no further attempt.
        reached_some: There is a problem with some of several receivers; others have it now.
        body: The whole answer, for whoever has to read it; never stored.
    """

    problem: str | None = None
    http_status: int | None = None
    request_excerpt: str | None = None
    response_excerpt: str | None = None
    retry_after_s: float | None = None
    is_final: bool = False
    is_over: bool = False
    handled: Collection[str] = field(default_factory=tuple)
    reached_some: bool = False
    body: bytes = field(default=b"", repr=False)

    def without(self, secrets: Collection[str]) -> "Outcome":
        """The same with no secret in it, in case the receiver repeats one."""
        return replace(
            self,
            problem=_hidden(self.problem, secrets),
            request_excerpt=_hidden(self.request_excerpt, secrets),
            response_excerpt=_hidden(self.response_excerpt, secrets),
        )


def excerpt(text: str, most: int) -> str:
    """The beginning of a text that is stored and shown: no controls but ends of lines and tabs."""
    shown = "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text[:most])
    return shown if len(text) <= most else shown[: most - 1] + "…"


def _hidden(text: str | None, secrets: Collection[str]) -> str | None:
    return None if text is None else without_secrets(text, secrets)
