"""Hooks run under Pythons only that RestrictedPython's authors have gone through."""

from importlib.metadata import metadata

import pytest

from services.hooks.sandbox.python_versions import AUDITED, unaudited


@pytest.mark.parametrize("minor", [10, 15, 16])
def test_an_unaudited_python_is_refused_by_name(minor: int) -> None:
    problem = unaudited((3, minor))
    assert problem is not None
    assert f"Python 3.{minor}" in problem
    assert "3.11 to 3.14" in problem


def test_this_python_is_audited() -> None:
    assert unaudited() is None


def test_restrictedpython_itself_says_so_of_all_of_them() -> None:
    said = metadata("RestrictedPython").get_all("Classifier") or []
    for minor in AUDITED[9]:
        assert f"Programming Language :: Python :: 3.{minor}" in said
