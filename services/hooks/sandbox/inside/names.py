"""The names that a hook finds without an import."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from services.hooks.sandbox.inside import guards
from services.hooks.sandbox.inside.facades import FACADES
from services.hooks.sandbox.inside.web_replies import HttpError

_FUNCTIONS = (
    "abs all any ascii bin callable chr divmod enumerate filter format hash hex isinstance"
    " issubclass iter len map max min next oct ord pow range repr reversed round slice sorted sum"
    " zip"
)
_TYPES = "bool bytes complex dict float frozenset int list set str tuple"
_VALUES = "None True False Ellipsis NotImplemented"
_ERRORS = (
    "ArithmeticError AssertionError AttributeError Exception IndexError KeyError LookupError"
    " MemoryError NameError NotImplementedError OverflowError RecursionError RuntimeError"
    " StopIteration TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError"
    " ValueError ZeroDivisionError"
)
#: Modules that C code of datetime, re and int looks up through the builtins of whoever calls it.
LOOKED_UP_BY_C = frozenset({"time", "_strptime", "re", "_pylong"})

_REAL = sys.modules["builtins"]


def _look_up(name: str, *_rest: Any) -> ModuleType:
    """What `__import__` is to C code that a hook calls; a hook itself cannot name it."""
    if name in LOOKED_UP_BY_C:
        return sys.modules[name]
    raise ImportError(f"`{name}` cannot be imported in hooks")


def builtin_names(
    print_: Callable[..., None], http_get: Callable[..., Any], http_post: Callable[..., Any]
) -> dict[str, Any]:
    """The builtins of one run."""
    real = {
        name: getattr(_REAL, name) for name in f"{_FUNCTIONS} {_TYPES} {_VALUES} {_ERRORS}".split()
    }
    return {
        **real,
        **FACADES,
        "__import__": _look_up,
        "getattr": guards.attribute,
        "hasattr": guards.has_attribute,
        "print": print_,
        "http_get": http_get,
        "http_post": http_post,
        "HttpError": HttpError,
    }


def _nothing(*_values: Any) -> None:
    """Stands for the functions of a run where only their names matter."""


OFFERED = frozenset(
    name for name in builtin_names(_nothing, _nothing, _nothing) if not name.startswith("_")
)
