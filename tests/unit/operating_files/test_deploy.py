"""deploy.sh: a version is put into place, or what was there before is put back.

`systemctl` is a stand-in that notes what it is asked: there is no systemd to restart units of.
"""

import os
import subprocess
import tarfile
import threading
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from tests.unit.operating_files.places import FILES


@dataclass
class Machine:
    """A server's folders."""

    folder: Path
    ready: str

    def archive(self, version: str) -> None:
        """A version on its way: its set-up only notes that it ran."""
        with tarfile.open(self.folder / "parlance.tar.gz", "w:gz") as archive:
            for name, text in (("version", version), ("set_up/prepare", "#!/bin/sh\n>prepared\n")):
                path = self.folder / "made"
                path.write_text(text)
                path.chmod(0o755)
                archive.add(path, name)

    def deploy(self) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "RELEASES": str(self.folder / "releases"),
            "CURRENT": str(self.folder / "current"),
            "READY": self.ready,
            "TRIES": "2",
        }
        program = ["bash", str(FILES / "deploy.sh"), str(self.folder / "parlance.tar.gz")]
        return subprocess.run(
            program, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def asked(self) -> list[str]:
        """What systemd was asked, but for whether units are enabled."""
        lines = (self.folder / "asked").read_text().splitlines()
        return [line for line in lines if not line.startswith("is-enabled")]

    def version(self) -> str:
        return (self.folder / "current" / "version").read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Generator[Machine, None, None]:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    systemctl.chmod(0o755)
    answers = partial(SimpleHTTPRequestHandler, directory=str(systemctl.parent))
    with HTTPServer(("127.0.0.1", 0), answers) as answering:
        thread = threading.Thread(target=answering.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Machine(tmp_path, f"http://127.0.0.1:{answering.server_port}/")
        answering.shutdown()
        thread.join()


def test_a_version_is_prepared_put_into_place_and_started(machine: Machine) -> None:
    machine.archive("one")
    done = machine.deploy()
    assert done.returncode == 0, done.stderr
    assert machine.version() == "one"
    assert (machine.folder / "current" / "prepared").exists()
    assert machine.asked() == ["restart parlance", "restart parlance-worker"]
    assert not (machine.folder / "parlance.tar.gz").exists()


def test_a_version_that_does_not_get_ready_gives_its_place_back(machine: Machine) -> None:
    machine.archive("one")
    assert machine.deploy().returncode == 0
    machine.archive("two")
    machine.ready = "http://127.0.0.1:9/readyz"
    done = machine.deploy()
    assert done.returncode == 1
    assert "went back" in done.stderr
    assert machine.version() == "one"
    assert machine.asked().count("restart parlance") == 3
    assert (machine.folder / "parlance.tar.gz").exists()


def test_the_first_version_that_does_not_get_ready_is_told(machine: Machine) -> None:
    machine.archive("one")
    machine.ready = "http://127.0.0.1:9/readyz"
    done = machine.deploy()
    assert done.returncode == 1
    assert "does not get ready" in done.stderr
