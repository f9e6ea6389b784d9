"""Rules for the product's Python that no linter knows."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import documents
from documents.base import StoredDocument
from documents.registry import DOCUMENT_CLASSES
from tests.architecture.tracked_files import PRODUCT, REPOSITORY, python_files

#: The one module that may read the process's environment.
SETTINGS = Path("api/settings.py")
ENVIRONMENT_NAMES = frozenset({"environ", "environb", "getenv", "getenvb"})


def reads_of_the_environment(source: str) -> Iterator[int]:
    """Yields the lines on which a module reads environment variables through os."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in ENVIRONMENT_NAMES:
                yield node.lineno
            case ast.ImportFrom(module="os", names=names):
                if any(alias.name in ENVIRONMENT_NAMES for alias in names):
                    yield node.lineno


def test_only_the_settings_read_the_environment() -> None:
    found = [
        f"{path}:{line}"
        for path in python_files(*PRODUCT)
        if path != SETTINGS
        for line in reads_of_the_environment((REPOSITORY / path).read_text())
    ]
    assert not found


def test_every_way_to_read_the_environment_is_seen() -> None:
    source = "import os\nos.environ['A']\nos.getenv('A')\nfrom os import environ, path\nos.path\n"
    assert list(reads_of_the_environment(source)) == [4, 2, 3]


def test_packages_have_no_code_of_their_own() -> None:
    found = [
        path
        for path in python_files(*PRODUCT, "tests", "set_up", "benchmarks")
        if path.name == "__init__.py"
        for node in ast.parse((REPOSITORY / path).read_text()).body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert not found


def test_every_python_folder_is_a_package() -> None:
    folders = {path.parent for path in python_files(*PRODUCT, "tests", "benchmarks")}
    assert not [folder for folder in folders if not (REPOSITORY / folder / "__init__.py").exists()]


def stored_classes(of: type[StoredDocument]) -> Iterator[type[StoredDocument]]:
    for subclass in of.__subclasses__():
        yield from stored_classes(subclass)
        if subclass.__module__ != "documents.base" and subclass.__module__.startswith("documents."):
            yield subclass


def test_every_collection_is_registered() -> None:
    for module in pkgutil.walk_packages(documents.__path__, "documents."):
        importlib.import_module(module.name)
    assert set(DOCUMENT_CLASSES) == set(stored_classes(StoredDocument))
