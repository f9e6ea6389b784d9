"""The image and what runs it: documented forms, and files that are enough to serve."""

import fnmatch
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import httpx
import pytest

from api.settings import Settings
from tests.architecture.tracked_files import tracked_files
from tests.server_process import ROOT, ServerProcess
from tests.unit.operating_files.places import FILES

DOCKERFILE = (FILES / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("name", "schema"),
    [("compose.yaml", "vendor.compose-spec"), ("github-workflow.yml", "vendor.github-workflows")],
)
def test_a_file_has_the_form_that_its_reader_wants(name: str, schema: str) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(FILES / name)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_every_setting_that_is_named_exists() -> None:
    known = {one.upper() for one in Settings.model_fields}
    for name in ("Dockerfile", "compose.yaml", "github-workflow.yml", "deploy.sh"):
        named = set(re.findall(r"PARLANCE_([A-Z_]+)\b", (FILES / name).read_text()))
        assert named <= known, name


def test_the_image_has_a_python_that_fits() -> None:
    versions = set(re.findall(r"^FROM python:(\d+\.\d+)-", DOCKERFILE, re.MULTILINE))
    assert versions == {"3.11"}
    assert sys.version_info[:2] >= (3, 11)


def in_the_image() -> Iterator[Path]:
    """The files that `COPY . .` takes, by the list of what stays outside."""
    lines = (FILES / "Dockerfile.dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    for path in tracked_files():
        if path.parts[0] in kept and not fnmatch.fnmatch(path.name, "__pycache__"):
            yield path


@pytest.mark.timeout(300)
def test_what_is_in_the_image_serves_with_its_settings_and_is_found_healthy(tmp_path: Path) -> None:
    for path in in_the_image():
        target = tmp_path / "image" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        copyfile(ROOT / path, target)
    given = dict(re.findall(r"(PARLANCE_[A-Z_]+)=(\S+)", DOCKERFILE.partition("ENV ")[2]))
    assert given["PARLANCE_PORT"] == "8000"
    server = ImageProcess(
        tmp_path / "data", tmp_path / "image", PARLANCE_DEMO=given["PARLANCE_DEMO"]
    )
    server.start()
    try:
        assert str(tmp_path / "image" / "api") in server.log.partition("\n")[0]
        with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
            for address in ("/widget.js", "/schema.graphql", "/demo"):
                assert http.get(address).status_code == 200, address
        (check,) = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
        command = [one.replace(":8000", f":{server.port}") for one in json.loads(check)]
        found = subprocess.run([sys.executable, *command[1:]], timeout=60, check=False)
        assert found.returncode == 0
    finally:
        assert server.stop() == 0
    gone = subprocess.run([sys.executable, *command[1:]], stderr=subprocess.DEVNULL, check=False)
    assert gone.returncode != 0


class ImageProcess(ServerProcess):
    """A server of other files than this checkout's; its log's first line says of which."""

    def __init__(self, data_dir: Path, folder: Path, **settings: str) -> None:
        super().__init__(data_dir, **settings)
        begin = f"import sys; sys.path.insert(0, {str(folder)!r}); import api.cli"
        say = "print(api.cli.__file__, flush=True); sys.argv = ['parlance', *sys.argv[1:]]"
        self.program = ("-c", f"{begin}; {say}; api.cli.main()")
