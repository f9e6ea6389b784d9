"""Frozen stand-ins for the modules that hooks may use.

A real module leads to every other one (`re.enum.sys.modules`), and setting its attributes would
poison later callers. A facade has a fixed list of members: functions that lead nowhere, constants,
and types whose attributes are listed apart.
"""

import base64
import binascii
import datetime
import hashlib
import json
import math
import re
import urllib.parse
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

_PATTERN_FLAGS = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE


class Facade:
    """A module's stand-in. Its members are for the guard of attributes only."""

    __slots__ = ("members", "name")
    members: Mapping[str, Any]
    name: str

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "members", MappingProxyType(members))

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError("what hooks may use cannot be changed")

    def __repr__(self) -> str:
        return f"<module {self.name}>"


def _loads(text: str | bytes) -> Any:
    """`json.loads` without its hooks into the decoder."""
    return json.loads(text)


def _dumps(
    value: Any,
    *,
    indent: int | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    separators: tuple[str, str] | None = None,
) -> str:
    """`json.dumps` without its hooks into the encoder."""
    return json.dumps(
        value,
        indent=indent,
        sort_keys=sort_keys,
        ensure_ascii=ensure_ascii,
        separators=separators,
    )


def _with_flags(function: Callable[..., Any], place: int) -> Callable[..., Any]:
    """A function of re whose flags can only be those that change what matches."""

    def wrapped(*values: Any, flags: int = 0, **named: Any) -> Any:
        positional = list(values)
        if len(positional) > place:
            flags = positional.pop(place)
        return function(*positional, **named, flags=int(flags) & int(_PATTERN_FLAGS))

    return wrapped


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


def _hash(name: str) -> Callable[..., Any]:
    def start(data: bytes = b"") -> Any:
        return hashlib.new(name, data, usedforsecurity=False)

    return start


_JSON = Facade("json", {"loads": _loads, "dumps": _dumps, "JSONDecodeError": json.JSONDecodeError})
_MATH = Facade(
    "math",
    _of(
        math,
        "acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist e erf erfc"
        " exp expm1 fabs factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf"
        " isnan isqrt lcm ldexp lgamma log log10 log1p log2 modf nan perm pi pow prod radians"
        " remainder sin sinh sqrt tan tanh tau trunc",
    ),
)
_RE = Facade(
    "re",
    {
        "compile": _with_flags(re.compile, 1),
        "search": _with_flags(re.search, 2),
        "match": _with_flags(re.match, 2),
        "fullmatch": _with_flags(re.fullmatch, 2),
        "findall": _with_flags(re.findall, 2),
        "finditer": _with_flags(re.finditer, 2),
        "split": _with_flags(re.split, 3),
        "sub": _with_flags(re.sub, 4),
        "subn": _with_flags(re.subn, 4),
        "escape": re.escape,
        "error": re.error,
        **{
            name: int(getattr(re, name))
            for name in [
                "A",
                "I",
                "M",
                "S",
                "X",
                "ASCII",
                "IGNORECASE",
                "MULTILINE",
                "DOTALL",
                "VERBOSE",
            ]
        },
    },
)
_DATETIME = Facade(
    "datetime", {**_of(datetime, "date datetime time timedelta timezone"), "UTC": datetime.UTC}
)
_BASE64 = Facade(
    "base64",
    {
        **_of(base64, "b64encode b64decode standard_b64encode standard_b64decode b32encode"),
        **_of(base64, "urlsafe_b64encode urlsafe_b64decode b32decode b16encode b16decode"),
        "Error": binascii.Error,
    },
)
HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s")
_HASHLIB = Facade("hashlib", {name: _hash(name) for name in HASHES})
_PARSE = Facade(
    "urllib.parse",
    _of(
        urllib.parse,
        "quote quote_plus unquote unquote_plus urlencode urlsplit urlunsplit urlparse urlunparse"
        " urljoin parse_qs parse_qsl",
    ),
)

FACADES: MappingProxyType[str, Facade] = MappingProxyType(
    {
        "json": _JSON,
        "math": _MATH,
        "re": _RE,
        "datetime": _DATETIME,
        "base64": _BASE64,
        "hashlib": _HASHLIB,
        "urllib": Facade("urllib", {"parse": _PARSE}),
    }
)

#: What `import` takes; the first names are there without an import, too.
IMPORTABLE = (*FACADES, "urllib.parse")


def facade(name: str) -> Facade:
    """The facade of an importable name."""
    return _PARSE if name == "urllib.parse" else FACADES[name]
