"""What a hook may define and give back, and how much of it.

docs/guide/hooks.md says the same to those who write hooks.
"""

from typing import Final, Literal, get_args

FunctionName = Literal["on_start", "before_llm", "after_llm", "on_end"]
FUNCTIONS: Final[tuple[FunctionName, ...]] = get_args(FunctionName)

MAX_SOURCE_BYTES: Final = 64 * 1024
MAX_STATE_BYTES: Final = 8 * 1024
MAX_TEXT_CHARACTERS: Final = 20_000
"""Of a message, an answer or a refusal that a hook gives."""

MAX_CONTEXT_CHARACTERS: Final = 16_000
MAX_TAGS: Final = 10
MAX_TAG_CHARACTERS: Final = 50
MAX_SUGGESTIONS: Final = 5
MAX_SUGGESTION_CHARACTERS: Final = 200
MAX_REASON_CHARACTERS: Final = 200

KEYS: Final[dict[FunctionName, frozenset[str]]] = {
    "on_start": frozenset({"context", "tags", "suggestions", "state", "escalate"}),
    "before_llm": frozenset(
        {"message", "context", "tags", "block", "llm", "suggestions", "state", "escalate"}
    ),
    "after_llm": frozenset({"answer", "tags", "suggestions", "state", "escalate"}),
    "on_end": frozenset({"tags", "state"}),
}
"""What each function may give back."""


def function_named(name: str) -> FunctionName:
    """The function of this name.

    Raises:
        StopIteration: there is none.
    """
    return next(one for one in FUNCTIONS if one == name)
