"""What the rewritten code calls instead of reaching for items, iterators and operators itself."""

import operator
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from RestrictedPython.Guards import guarded_iter_unpack_sequence, guarded_unpack_sequence

from services.hooks.sandbox.inside.attributes import read
from services.hooks.sandbox.inside.facades import Facade, facade

_IN_PLACE: MappingProxyType[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "+=": operator.iadd,
        "-=": operator.isub,
        "*=": operator.imul,
        "/=": operator.itruediv,
        "%=": operator.imod,
        "**=": operator.ipow,
        "<<=": operator.ilshift,
        ">>=": operator.irshift,
        "|=": operator.ior,
        "^=": operator.ixor,
        "&=": operator.iand,
        "//=": operator.ifloordiv,
        "@=": operator.imatmul,
    }
)


def get_item(value: Any, key: Any) -> Any:
    """`value[key]`; types have no items here, or `list[int]` would give objects nobody listed.

    Raises:
        TypeError: the value has no items in hooks.
    """
    if type(value) in {type, Facade}:
        raise TypeError(f"{value!r} has no items in hooks")
    return value[key]


def writable(value: Any) -> Any:
    """What items may be set in or deleted from: plain lists and dicts of the hook itself.

    Raises:
        TypeError: anything else.
    """
    if type(value) in {list, dict}:
        return value
    raise TypeError(f"items of {type(value).__name__} cannot be changed in hooks")


def iterated(value: Any) -> Any:
    """What a loop runs over.

    Raises:
        TypeError: it is a type or a facade.
    """
    if type(value) in {type, Facade}:
        raise TypeError(f"{value!r} cannot be looped over in hooks")
    return value


def applied(function: Any, *values: Any, **named: Any) -> Any:
    """`function(*values, **named)`."""
    return function(*values, **named)


def changed(sign: str, old: Any, value: Any) -> Any:
    """`old += value` and its relatives."""
    return _IN_PLACE[sign](old, value)


def attribute(value: Any, name: Any, *default: Any) -> Any:
    """`getattr` as hooks have it."""
    if not default:
        return read(value, name)
    try:
        return read(value, name)
    except AttributeError:
        return default[0]


def has_attribute(value: Any, name: Any) -> bool:
    """`hasattr` as hooks have it."""
    try:
        read(value, name)
    except AttributeError:
        return False
    return True


def unpacked_in_loop(value: Any, spec: Any, iterate: Callable[[Any], Any]) -> Iterator[Any]:
    """`for a, b in value`."""
    rows: Iterator[Any] = guarded_iter_unpack_sequence(value, spec, iterate)  # type: ignore[no-untyped-call]
    return rows


def unpacked(value: Any, spec: Any, iterate: Callable[[Any], Any]) -> Any:
    """`a, b = value`."""
    return guarded_unpack_sequence(value, spec, iterate)  # type: ignore[no-untyped-call]


GUARDS: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        "_facade_": facade,
        "_getattr_": read,
        "_getitem_": get_item,
        "_write_": writable,
        "_getiter_": iterated,
        "_apply_": applied,
        "_inplacevar_": changed,
        "_iter_unpack_sequence_": unpacked_in_loop,
        "_unpack_sequence_": unpacked,
    }
)
