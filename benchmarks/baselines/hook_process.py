"""A hook as a tutorial runs it: a new Python that imports RestrictedPython, compiles and calls.

Reads JSON with `source` and `arguments` from standard input and writes the result.
"""

import json
import re
import sys
from typing import Any

from RestrictedPython.compile import compile_restricted
from RestrictedPython.Guards import safe_builtins
from RestrictedPython.PrintCollector import PrintCollector


def main() -> None:
    given = json.load(sys.stdin)
    names: dict[str, Any] = {
        "__builtins__": {**safe_builtins, "__import__": __import__},
        "re": re,
        "_getattr_": getattr,
        "_getitem_": lambda value, key: value[key],
        "_getiter_": iter,
        "_print_": PrintCollector,
    }
    exec(compile_restricted(given["source"], "<hook>", "exec"), names)  # noqa: S102 (its purpose)
    json.dump(names["before_llm"](**given["arguments"]), sys.stdout)


if __name__ == "__main__":
    main()
