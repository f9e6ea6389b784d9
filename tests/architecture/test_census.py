"""Continuous integration cannot be green while a test did not run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tracked_files import REPOSITORY

SUITE = """
import pytest

def test_plain(): pass

@pytest.mark.browser
def test_marked(): pass
"""
WAYS_NOT_TO_RUN = {
    "skipped": "@pytest.mark.skip(reason='not today')\ndef test_it(): pass",
    "skipped while running": "def test_it(): pytest.skip('not today')",
    "a whole file skipped": "pytest.skip('not today', allow_module_level=True)",
    "expected to fail": "@pytest.mark.xfail(reason='not today')\ndef test_it(): assert False",
    "passing by surprise": "@pytest.mark.xfail(reason='not today')\ndef test_it(): pass",
    "a file that cannot be read": "import nothing_of_this_name",
    "a fixture that fails": "@pytest.fixture\ndef bad(): 1 / 0\n\ndef test_it(bad): pass",
}
DYING = "def test_it():\n    import os\n    os._exit(1)"
IN_ONE_PROCESS = ("-p", "no:xdist")
ON_TWO_WORKERS = ("--numprocesses=2", "--dist=worksteal")


def run_suite(
    folder: Path, *arguments: str, ci: bool = True, extra: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a small suite of its own with the plugin, as the Makefile does."""
    (folder / "test_suite.py").write_text(SUITE)
    (folder / "test_extra.py").write_text(f"import pytest\n\n{extra}\n")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.run_census", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "CI": str(ci).lower()},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [IN_ONE_PROCESS, ON_TWO_WORKERS], ids=["one", "two"])
def test_a_whole_run_is_green_and_counted(tmp_path: Path, workers: tuple[str, ...]) -> None:
    ended = run_suite(tmp_path, *workers)
    assert ended.returncode == 0, ended.stdout
    counts = [line.split()[:3] for line in ended.stdout.splitlines()]
    assert ["browser", "1", "ran"] in counts
    assert ["unmarked", "1", "ran"] in counts
    assert "2 passed" in ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("way", WAYS_NOT_TO_RUN)
def test_a_test_that_does_not_run_fails_the_run(tmp_path: Path, way: str) -> None:
    ended = run_suite(tmp_path, *IN_ONE_PROCESS, extra=WAYS_NOT_TO_RUN[way])
    assert ended.returncode != 0
    assert "did not run: 1" in ended.stdout, ended.stdout


@pytest.mark.parametrize("extra", [WAYS_NOT_TO_RUN["skipped"], DYING], ids=["skipped", "dying"])
def test_a_test_that_does_not_run_on_a_worker_fails_the_run(tmp_path: Path, extra: str) -> None:
    ended = run_suite(tmp_path, *ON_TWO_WORKERS, extra=extra)
    assert ended.returncode != 0
    assert "did not run: 1" in ended.stdout, ended.stdout


@pytest.mark.parametrize("workers", [IN_ONE_PROCESS, ON_TWO_WORKERS], ids=["one", "two"])
def test_a_deselected_test_fails_the_run(tmp_path: Path, workers: tuple[str, ...]) -> None:
    ended = run_suite(tmp_path, *workers, "-k", "plain")
    assert ended.returncode != 0
    assert "did not run: 1, deselected" in ended.stdout


def test_a_person_may_leave_tests_out(tmp_path: Path) -> None:
    ended = run_suite(tmp_path, *IN_ONE_PROCESS, "-k", "plain", ci=False)
    assert ended.returncode == 0
    assert "did not run: 1, deselected" in ended.stdout
