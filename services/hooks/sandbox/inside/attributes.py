"""Which attributes a hook may read: a list for each exact type, and nothing for all the others.

A list of what is forbidden is never complete; `re.enum.sys` has no underscore in it. A subclass is
another type, and there is no inheritance in the lists.
"""

import datetime
import hashlib
import json
import re
import urllib.parse
from collections.abc import Callable
from types import GeneratorType, MappingProxyType
from typing import Any

from services.hooks.sandbox.inside.facades import HASHES, Facade
from services.hooks.sandbox.inside.text_templates import format_map_of, format_of
from services.hooks.sandbox.inside.web_replies import HttpError, Reply

_TEXT = (
    "capitalize casefold center count encode endswith expandtabs find index isalnum isalpha isascii"
    " isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join"
    " ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition"
    " rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill"
)
_BYTES = (
    "capitalize center count decode endswith expandtabs find hex index isalnum isalpha isascii"
    " isdigit islower isspace istitle isupper join ljust lower lstrip partition removeprefix"
    " removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith"
    " strip swapcase title translate upper zfill"
)
_SET_READING = (
    "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
)
_SET = (
    f"{_SET_READING} add clear difference_update discard intersection_update pop remove"
    " symmetric_difference_update update"
)
_DATE = (
    "year month day ctime isocalendar isoformat isoweekday replace strftime timetuple toordinal"
    " weekday"
)
_TIME = "hour minute second microsecond tzinfo fold dst isoformat replace strftime tzname utcoffset"
_MOMENT = (
    f"{_DATE} hour minute second microsecond tzinfo fold astimezone date dst time timestamp timetz"
    " tzname utcoffset utctimetuple"
)
_ADDRESS = "scheme netloc path query fragment geturl hostname port username password"

_READABLE: dict[type, str] = {
    str: _TEXT,
    bytes: _BYTES,
    int: "bit_count bit_length conjugate denominator imag numerator real to_bytes",
    bool: "bit_count bit_length real",
    float: "as_integer_ratio conjugate hex imag is_integer real",
    complex: "conjugate imag real",
    list: "append clear copy count extend index insert pop remove reverse sort",
    tuple: "count index",
    dict: "clear copy get items keys pop popitem setdefault update values",
    set: _SET,
    frozenset: _SET_READING,
    range: "count index start step stop",
    slice: "start step stop",
    GeneratorType: "close send",
    re.Pattern: "findall finditer flags fullmatch groupindex groups match pattern search split sub"
    " subn",
    re.Match: "end endpos expand group groupdict groups lastgroup lastindex pos re regs span start"
    " string",
    datetime.date: _DATE,
    datetime.time: _TIME,
    datetime.datetime: _MOMENT,
    datetime.timedelta: "days microseconds seconds total_seconds",
    datetime.timezone: "dst tzname utcoffset",
    type(datetime.date.min.isocalendar()): "count index week weekday year",
    type(datetime.date.min.timetuple()): "count index tm_hour tm_mday tm_min tm_mon tm_sec tm_wday"
    " tm_yday tm_year",
    urllib.parse.SplitResult: _ADDRESS,
    urllib.parse.ParseResult: f"{_ADDRESS} params",
    Reply: "headers json ok status text",
}

#: Types that a hook holds as values (`datetime.fromisoformat`) -> what it may call on them.
_ON_TYPES: dict[type, str] = {
    str: "maketrans",
    bytes: "fromhex maketrans",
    int: "from_bytes",
    float: "fromhex",
    dict: "fromkeys",
    datetime.date: "fromisocalendar fromisoformat fromordinal fromtimestamp max min today",
    datetime.time: "fromisoformat max min",
    datetime.datetime: "combine fromisocalendar fromisoformat fromordinal fromtimestamp max min now"
    " strptime today utcfromtimestamp utcnow",
    datetime.timedelta: "max min",
    datetime.timezone: "utc",
}

_ON_ERRORS = "args"
_ON_SOME_ERRORS: dict[type, str] = {
    json.JSONDecodeError: "args colno lineno msg pos",
    re.error: "args colno lineno msg pattern pos",
    StopIteration: "args value",
    HttpError: "args",
}

#: C code that imports by itself does it with the builtins of the caller. Called from a function of
#: ours it finds the real ones.
_CALLED_FROM_HERE = frozenset({"strftime", "strptime"})

Table = MappingProxyType[type, frozenset[str]]


def _table(lists: dict[type, str]) -> Table:
    return MappingProxyType({kind: frozenset(names.split()) for kind, names in lists.items()})


def _hash_types() -> dict[type, str]:
    kinds = {type(hashlib.new(name, usedforsecurity=False)) for name in HASHES}
    return dict.fromkeys(kinds, "block_size copy digest digest_size hexdigest name update")


ON_VALUES = _table({**_READABLE, **_hash_types(), **_ON_SOME_ERRORS})
ON_TYPES = _table(_ON_TYPES)
ON_ERRORS = frozenset(_ON_ERRORS.split())


def read(value: Any, name: str) -> Any:
    """The guard of every attribute: `value.name` in a hook.

    Raises:
        AttributeError: values of this type have no such attribute in hooks.
    """
    kind = type(value)
    if kind is Facade:
        return _member(value, name)
    if type(name) is str:
        if kind is str and name in _TEMPLATES:
            return _TEMPLATES[name](value)
        allowed = _allowed(value, kind)
        if name in allowed:
            found = getattr(value, name)
            return _from_here(found) if name in _CALLED_FROM_HERE else found
    raise AttributeError(_refusal(value, kind, name))


def _allowed(value: Any, kind: type) -> frozenset[str]:
    if kind is type:  # `str.lower` is a method of texts, to hand to sorted() or map()
        return ON_TYPES[value] | ON_VALUES[value] if value in ON_TYPES else frozenset()
    if kind in ON_VALUES:
        return ON_VALUES[kind]
    if issubclass(kind, Exception) and kind.__module__ == "builtins":
        return ON_ERRORS
    return frozenset()


def _refusal(value: Any, kind: type, name: object) -> str:
    what = value.__name__ if kind is type else kind.__name__
    return f"{what} has no attribute {name!r} in hooks"


def _member(facade: Facade, name: str) -> Any:
    members = facade.members
    if name not in members:
        raise AttributeError(f"{facade.name} has no {name!r} in hooks")
    return members[name]


_TEMPLATES: dict[str, Callable[[str], Any]] = {"format": format_of, "format_map": format_map_of}


def _from_here(method: Callable[..., Any]) -> Callable[..., Any]:
    def called(*values: Any, **named: Any) -> Any:
        return method(*values, **named)

    return called
