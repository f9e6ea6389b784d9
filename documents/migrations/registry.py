"""The numbered migrations: modules `m0001_what_it_does.py` of this package, in order.

A migration module opens with why it exists and has one function:

    async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None

It works on plain documents, never on the document classes, which go on changing. It must bear being
run again from its beginning, because a process can die in the middle of it: select what has the old
form, convert it, and stop when none is left. Numbers have no gaps and are never reused; a released
migration is never changed.
"""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

import documents.migrations

MigrationStep = Callable[[AsyncDatabase[dict[str, Any]]], Awaitable[None]]

_MODULE_NAME = re.compile(r"m(\d{4})_[a-z0-9_]+")


@dataclass(frozen=True)
class Migration:
    """One step from an older form of the stored documents to a newer one."""

    number: int
    name: str
    run: MigrationStep


def known_migrations(package: ModuleType = documents.migrations) -> tuple[Migration, ...]:
    """The migrations of this version, from number 1 on.

    Raises:
        ValueError: when a number is missing or given twice.
    """
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if _MODULE_NAME.fullmatch(module.name)
    )
    for expected, name in enumerate(names, start=1):
        if int(name[1:5]) != expected:
            raise ValueError(f"migration {name} should have the number {expected:04}")
    return tuple(
        Migration(number, name, importlib.import_module(f"{package.__name__}.{name}").migrate)
        for number, name in enumerate(names, start=1)
    )
