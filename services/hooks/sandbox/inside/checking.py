"""From source to code that may run, or to the list of what is in the way."""

import ast
import marshal
from dataclasses import dataclass

from services.hooks.sandbox.inside.issues import ABSENT_NAMES, MAKERS_OF_CODE, Issue
from services.hooks.sandbox.inside.policy import HookPolicy
from services.hooks.sandbox.inside.rewritten import left_open
from services.hooks.sandbox.inside.source_lines import lines_of

#: The name under which the author's lines show up in tracebacks.
FILE_NAME = "<hook>"
MOST_ISSUES = 20
#: Rewritten code is some twenty times as long as its source.
LONGEST_CODE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a source."""

    issues: list[Issue]
    functions: list[str]
    code: bytes
    appends: bool = False


def checked(source: str, offered: frozenset[str]) -> Checked:
    """Compile a source in which the offered names exist, or say why not.

    Raises:
        RecursionError, MemoryError: it is nested or long beyond measure.
    """
    try:
        tree = ast.parse(source, FILE_NAME)
    except SyntaxError as error:
        problem = f"This is no Python that can be read: {error.msg}."
        return Checked([Issue(error.lineno or 1, error.offset, problem, None)], [], b"")
    except ValueError as error:  # null bytes
        return Checked(
            [Issue(1, None, f"This is no Python that can be read: {error}.", None)], [], b""
        )
    appends = _appends(tree)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    issues = _unknown_names(tree, offered)
    policy = HookPolicy(lines_of(source))
    rewritten = policy.visit(tree)
    issues = issues or policy.issues or left_open(rewritten)
    issues = sorted({*issues, *policy.issues}, key=lambda issue: (issue.line, issue.column or 0))
    if issues:
        return Checked(issues[:MOST_ISSUES], functions, b"")
    ast.fix_missing_locations(rewritten)
    try:
        code = compile(rewritten, FILE_NAME, "exec", dont_inherit=True)
    except SyntaxError as error:  # such as `return` outside of a function
        problem = f"This is no Python that can be read: {error.msg}."
        return Checked([Issue(error.lineno or 1, error.offset, problem, None)], [], b"")
    blob = marshal.dumps(code)
    if len(blob) > LONGEST_CODE_BYTES:
        problem = f"The code compiles to more than {LONGEST_CODE_BYTES // 1024} KB."
        return Checked([Issue(1, None, problem, "Repeat less, with a loop.")], functions, b"")
    return Checked([], functions, blob, appends)


def _appends(tree: ast.Module) -> bool:
    """Whether it says `AFTER_LLM = "append"` at its top level, and nothing else anywhere."""
    stores = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "AFTER_LLM" and isinstance(node.ctx, ast.Store)
    ]
    return bool(stores) and len(stores) == sum(map(_says_append, tree.body))


def _says_append(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign([ast.Name("AFTER_LLM")], ast.Constant("append")):
            return True
        case _:
            return False


def _unknown_names(tree: ast.Module, offered: frozenset[str]) -> list[Issue]:
    """Names that are used and neither offered nor given a value anywhere: certain NameErrors."""
    known = offered | _bound_names(tree)
    issues = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        if node.id.startswith("_") or (node.id in known and node.id not in MAKERS_OF_CODE):
            continue
        absent = node.id in ABSENT_NAMES
        problem = f"There is no `{node.id}` in hooks." if absent else f"`{node.id}` is not defined."
        issues.append(Issue(node.lineno, node.col_offset + 1, problem, ABSENT_NAMES.get(node.id)))
    return issues


def _bound_names(tree: ast.Module) -> frozenset[str]:
    names: set[str | None] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.arg(arg=name) | ast.ExceptHandler(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
            case _:
                pass
    return frozenset(name for name in names if name)
