"""The systemd units: systemd itself reads them, and they start what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import cli
from api.server import LAST_SECONDS, SHUTDOWN_SECONDS
from api.settings import Settings
from tests.server_process import ROOT
from tests.unit.operating_files.places import FILES

UNITS = sorted(path.name for path in FILES.glob("*.service"))
INSTALLED = "/opt/parlance"


@pytest.mark.systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    """With this checkout in the place of the installed one, and this user for `parlance`."""
    here = (FILES / name).read_text().replace(f"{INSTALLED}/.venv/bin/parlance", sys.executable)
    here = re.sub(r"^(User|Group)=.*\n", "", here.replace(INSTALLED, str(ROOT)), flags=re.MULTILINE)
    (tmp_path / name).write_text(here)
    looked = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / name)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (looked.returncode, looked.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_and_leaves_it_time_to_end(name: str) -> None:
    unit = (FILES / name).read_text()
    (command,) = re.findall(
        rf"^ExecStart={INSTALLED}/\.venv/bin/parlance (\w+)$", unit, re.MULTILINE
    )
    assert command in {one.callback.__name__ for one in cli.registered_commands if one.callback}
    (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert float(patience) > SHUTDOWN_SECONDS + Settings().drain_seconds + LAST_SECONDS


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_names_settings_that_there_are(name: str) -> None:
    named = set(re.findall(r"PARLANCE_([A-Z_]+)=", (FILES / name).read_text()))
    assert named <= {one.upper() for one in Settings.model_fields}
