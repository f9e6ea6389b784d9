"""The list of migrations: complete, in order, and the same in the code. Budget: 1 second."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from documents.migrations.registry import known_migrations

STEP = "async def migrate(database):\n    pass\n"


def make_package(folder: Path, *names: str) -> ModuleType:
    for name in names:
        (folder / f"{name}.py").write_text(STEP)
    package = ModuleType(f"migrations_of_{folder.name}")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    return package


def test_the_packages_own_migrations_have_no_gap() -> None:
    assert [migration.number for migration in known_migrations()] == list(
        range(1, len(known_migrations()) + 1)
    )


def test_migrations_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    package = make_package(tmp_path, "m0002_second", "m0001_first", "runner")
    assert [migration.name for migration in known_migrations(package)] == [
        "m0001_first",
        "m0002_second",
    ]


@pytest.mark.parametrize("names", [("m0001_one", "m0003_three"), ("m0001_one", "m0001_other")])
def test_a_missing_or_doubled_number_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=names[1]):
        known_migrations(make_package(tmp_path, *names))
