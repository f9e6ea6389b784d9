"""What keeps code from being accepted, and what its author can do about it."""

from typing import NamedTuple

#: Syntax that hooks do not have -> what it is called, and what to write instead.
UNKNOWN_SYNTAX = {
    "ClassDef": ("Classes", "Use functions and dicts."),
    "AsyncFunctionDef": ("async functions", "Write an ordinary `def`."),
    "Await": ("await", "http_get and http_post wait by themselves."),
    "AsyncFor": ("async for", "Write an ordinary `for`."),
    "AsyncWith": ("async with", "http_get and http_post need no `with`."),
    "Nonlocal": ("nonlocal", "Keep the value in a dict or list of the outer function."),
    "TryStar": ("except*", "Write an ordinary `except`."),
    "Match": ("match statements", "Use if, elif and else."),
    "TypeAlias": ("type statements", "Leave it out; hooks need no types."),
    "TemplateStr": ("t-strings", 'Use an f-string such as f"{name}".'),
}

#: Python's own functions that hooks do not have -> what to do instead.
ABSENT_NAMES = {
    "open": "Hooks have no files. Keep small things in the returned `state`.",
    "eval": "Hooks cannot make code. json.loads reads data.",
    "exec": "Hooks cannot make code.",
    "compile": "Hooks cannot make code. re.compile makes patterns.",
    "input": "Nobody sits at a keyboard here: use the arguments of the function.",
    "globals": "Use names directly.",
    "locals": "Use names directly.",
    "vars": "Use names directly.",
    "dir": "The reference of hooks lists what each value can do.",
    "type": "Ask with isinstance(value, str).",
    "object": "Use a dict.",
    "super": "There are no classes here.",
    "id": "Compare with `is`.",
    "delattr": "Use a dict and `del d[key]`.",
    "setattr": "Use a dict and `d[key] = value`.",
    "breakpoint": "Use print: the test shows what was printed.",
    "exit": "Use return.",
    "quit": "Use return.",
    "bytearray": "Use bytes or a list.",
    "memoryview": "Slice the bytes.",
    "BaseException": "Use Exception.",
    "SystemExit": "Use return.",
    "KeyboardInterrupt": "Use Exception.",
}

#: Absent names that a hook cannot give a value either: `id = order["id"]` is everyday code, a value
#: named `eval` never is.
MAKERS_OF_CODE = frozenset({"eval", "exec"})


class Issue(NamedTuple):
    """One problem at a place of the source; line and column count from 1."""

    line: int
    column: int | None
    problem: str
    hint: str | None
