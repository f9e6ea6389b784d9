"""A second look at what the policy has rewritten: nothing may be left that no guard sees.

The policy is a list of visits, and one that forgets to visit its children leaves a hole that no
test looks for. This looks at the result instead, whichever way it came about.
"""

import ast
import re

from services.hooks.sandbox.inside.guards import GUARDS
from services.hooks.sandbox.inside.issues import MAKERS_OF_CODE, Issue

_TEMPORARY = re.compile(r"_tmp\d+")
#: Syntax for which the policy puts calls of guards, or refuses it.
_NEVER_LEFT = (ast.Attribute, ast.Import, ast.ImportFrom, ast.ClassDef)


def left_open(tree: ast.AST) -> list[Issue]:
    """What the rewritten code would do without a guard."""
    return [
        Issue(getattr(node, "lineno", 1), None, "This cannot be used in hooks.", None)
        for node in ast.walk(tree)
        if not _is_guarded(node)
    ]


def _is_guarded(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name not in MAKERS_OF_CODE and _is_open_name(name)
        case ast.Subscript(ctx=ast.Load()):
            return False
        case _:
            return not isinstance(node, _NEVER_LEFT)


def _is_open_name(name: str) -> bool:
    inner = name.startswith("_") and name != "_"
    return not inner or name in GUARDS or _TEMPORARY.fullmatch(name) is not None
