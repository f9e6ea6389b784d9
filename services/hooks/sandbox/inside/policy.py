"""Which Python a hook may be written in, and how it is rewritten so that every access is asked for.

RestrictedPython refuses what nobody has reviewed and turns attributes, items, iteration and
unpacking into calls of guards. On top of it: no classes and no attribute that can be set, imports
only of the facades, and two everyday things that RestrictedPython has no answer for, `d[k] += 1`
and `x: int = 1`.
"""

import ast
from typing import Any

from RestrictedPython.transformer import (
    IOPERATOR_TO_STR,
    RestrictingNodeTransformer,
    copy_locations,
)

from services.hooks.sandbox.inside.facades import IMPORTABLE, facade
from services.hooks.sandbox.inside.issues import (
    ABSENT_NAMES,
    MAKERS_OF_CODE,
    UNKNOWN_SYNTAX,
    Issue,
)

#: `checking` reports these names wherever they are used.
_REPORTED_WITH_THE_NAME = frozenset({"Eval calls are not allowed.", "Exec calls are not allowed."})


class HookPolicy(RestrictingNodeTransformer):
    """The rules for one source; `issues` fills while it is visited."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.issues: list[Issue] = []
        self._lines = lines

    def report(self, node: ast.AST, problem: str, hint: str | None = None) -> None:
        """Note a problem at a node."""
        line = getattr(node, "lineno", 1)
        self.issues.append(Issue(line, self._column(node, line), problem, hint))

    def error(self, node: ast.AST, info: str) -> None:
        """RestrictedPython's way of refusing."""
        if info in _REPORTED_WITH_THE_NAME:
            return
        self.report(node, *_in_other_words(info))

    def not_allowed(self, node: ast.AST) -> None:
        """Refuse a kind of syntax as a whole."""
        name = type(node).__name__
        what, hint = UNKNOWN_SYNTAX.get(name, (f"{name} syntax", None))
        self.report(node, f"{what[0].upper()}{what[1:]} cannot be used in hooks.", hint)

    def _column(self, node: ast.AST, line: int) -> int | None:
        """The parser counts bytes of UTF-8; people count characters."""
        offset = getattr(node, "col_offset", None)
        if offset is None or not 0 < line <= len(self._lines):
            return None
        start = self._lines[line - 1].encode()[:offset]
        return len(start.decode(errors="replace")) + 1

    def visit_Name(self, node: ast.Name) -> Any:  # noqa: N802 (ast's names)
        """`print` is a guarded function like any other here."""
        if node.id == "print" and isinstance(node.ctx, ast.Load):
            return node
        if node.id in ABSENT_NAMES and isinstance(node.ctx, ast.Load):
            self.used_names[node.id] = True
            return node
        return super().visit_Name(node)

    def check_name(self, node: Any, name: str | None, *magic: Any, **named: Any) -> None:
        """No value of a hook may take the name of what makes code."""
        if name in MAKERS_OF_CODE:
            self.report(node, f"The name `{name}` is taken.", "Choose another name.")
        super().check_name(node, name, *magic, **named)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:  # noqa: N802
        """A class brings a hundred ways to be called by the interpreter unasked."""
        self.not_allowed(node)
        return node

    def visit_TemplateStr(self, node: ast.AST) -> Any:  # noqa: N802
        """They have attributes that nobody has looked at here."""
        self.not_allowed(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:  # noqa: N802
        """Annotations say something to people only, so they are not run."""
        node.returns = None
        for argument in _arguments(node.args):
            argument.annotation = None
        if node.name.startswith("__"):
            self.report(node, f"`{node.name}` cannot be defined in hooks.", "Name it otherwise.")
            return node
        return super().visit_FunctionDef(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:  # noqa: N802
        """`x: int = 1` is `x = 1`; `x: int` is nothing."""
        replacement: ast.stmt = ast.Pass()
        if node.value is not None:
            replacement = ast.Assign(targets=[node.target], value=node.value)
        copy_locations(replacement, node)
        return self.visit(replacement)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:  # noqa: N802
        """`a[b] += c` looks a and b up once, as Python does."""
        if not isinstance(node.target, ast.Subscript):
            return super().visit_AugAssign(node)
        if any(isinstance(part, ast.Slice) for part in ast.walk(node.target.slice)):
            self.report(
                node,
                "A slice cannot be changed in place.",
                "Write `items[a:b] = items[a:b] + more`.",
            )
            return node
        return self._changed_item(node, node.target)

    def _changed_item(self, node: ast.AugAssign, target: ast.Subscript) -> list[ast.stmt]:
        holder, key = self.gen_tmp_name(), self.gen_tmp_name()
        old = _call("_getitem_", ast.Name(holder, ast.Load()), ast.Name(key, ast.Load()))
        sign = ast.Constant(IOPERATOR_TO_STR[type(node.op)])
        place = ast.Subscript(
            _call("_write_", ast.Name(holder, ast.Load())), ast.Name(key, ast.Load()), ast.Store()
        )
        statements: list[ast.stmt] = [
            ast.Assign([ast.Name(holder, ast.Store())], self.visit(target.value)),
            ast.Assign([ast.Name(key, ast.Store())], self.visit(target.slice)),
            ast.Assign([place], _call("_inplacevar_", sign, old, self.visit(node.value))),
        ]
        for statement in statements:
            copy_locations(statement, node)
        return statements

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        """Nothing a hook can reach has attributes to set."""
        if isinstance(node.ctx, ast.Load):
            return super().visit_Attribute(node)
        self.report(
            node,
            f"The attribute `{node.attr}` cannot be set or deleted.",
            'Keep values in a dict, such as d["name"] = value.',
        )
        return node

    def visit_Import(self, node: ast.Import) -> Any:  # noqa: N802
        """`import json` binds the facade of that name."""
        statements = []
        for alias in node.names:
            if self._may_import(node, alias.name):
                self.check_name(node, alias.asname)
                top = alias.name.partition(".")[0]
                found = alias.name if alias.asname else top
                statements.append(_assignment(node, alias.asname or top, _module(found)))
        return statements

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:  # noqa: N802
        """`from datetime import timedelta` binds a member of a facade."""
        module = "." * node.level + (node.module or "")
        if not self._may_import(node, module):
            return node
        statements = []
        for alias in node.names:
            if alias.name not in facade(module).members:
                members = ", ".join(sorted(facade(module).members))
                self.report(
                    node, f"`{module}` has no `{alias.name}` in hooks.", f"It has {members}."
                )
            self.check_name(node, alias.asname or alias.name)
            member = _call("_getattr_", _module(module), ast.Constant(alias.name))
            statements.append(_assignment(node, alias.asname or alias.name, member))
        return statements

    def _may_import(self, node: ast.stmt, name: str) -> bool:
        if name in IMPORTABLE:
            return True
        self.report(
            node,
            f"`{name}` cannot be imported in hooks.",
            f"There are {', '.join(IMPORTABLE)}; for requests there are http_get and http_post.",
        )
        return False


def _module(name: str) -> ast.expr:
    return _call("_facade_", ast.Constant(name))


def _assignment(node: ast.stmt, name: str, value: ast.expr) -> ast.Assign:
    statement = ast.Assign([ast.Name(name, ast.Store())], value)
    copy_locations(statement, node)
    return statement


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _arguments(given: ast.arguments) -> list[ast.arg]:
    starred = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *starred]


def _in_other_words(info: str) -> tuple[str, str | None]:
    """RestrictedPython's sentences for somebody who has never heard of it."""
    name = info.split('"')[1] if info.count('"') > 1 else ""
    if "attribute name because it starts" in info:
        return f"The attribute `{name}` is internal to Python.", "Names with _ in front are closed."
    if "variable name because it starts" in info:
        return f"The name `{name}` starts with an underscore.", "Choose a name without it."
    if "restricted name" in info:
        return f"The attribute `{name}` is internal to Python.", None
    if "reserved name" in info:
        return f"The name `{name}` is taken.", "Choose another name."
    if info.startswith("Augmented assignment of attributes"):
        return "Attributes cannot be changed in place.", "Keep the value in a variable or a dict."
    return info, None
