"""docs/reference/commands.md: every `parlance` command with its arguments and options."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from api.reference.markdown import one_line, opening, page, table

_WORDS: Final = {int: "whole number", float: "number", str: "text", Path: "path"}
_TEXT = """\
Commands read the same [settings](settings.md) as the server. Those that need the database attach to
a running server's own, or start it for as long as they run."""


def commands_page(application: typer.Typer) -> str:
    """Returns the whole page as Markdown."""
    lines = opening("Commands", "api/cli.py", _TEXT)
    for name, one in _all(typer.main.get_command(application), "parlance"):
        lines += _section(name, one)
    return page(lines)


def _all(command: object, name: str) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperCommand):
        yield name, command
    elif isinstance(command, TyperGroup):
        for part in sorted(command.commands):
            yield from _all(command.commands[part], f"{name} {part}")


def _section(name: str, command: TyperCommand) -> list[str]:
    given = [one.name for one in command.params if isinstance(one, TyperArgument)]
    options = ["[OPTIONS]"] if len(given) < len(command.params) else []
    usage = " ".join([name, *options, *(str(one).upper() for one in given)])
    paragraphs = [one_line(one) for one in (command.help or "").split("\n\n")]
    told = [line for one in paragraphs for line in (one, "")]
    return [f"## {name}", "", "```sh", usage, "```", "", *told, *_parameters(command)]


def _parameters(command: TyperCommand) -> list[str]:
    rows = [
        _parameter(one) for one in command.params if isinstance(one, TyperArgument | TyperOption)
    ]
    return table(("Given", "Value", "Meaning"), rows) if rows else []


def _parameter(one: TyperArgument | TyperOption) -> tuple[str, str, str]:
    default = (
        "" if one.required or one.default in (None, "", False) else f" Default: {one.default}."
    )
    told = f"{one.help or ''}{default}"
    value = _value(one.type_descriptor.annotation)
    if isinstance(one, TyperArgument):
        return f"`{str(one.name).upper()}`", value, told
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    return names, "" if one.is_flag else value, told + (" Required." if one.required else "")


def _value(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{one.value}`" for one in annotation)
    return _WORDS.get(annotation, "text")
