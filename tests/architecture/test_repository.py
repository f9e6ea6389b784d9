"""What every file of the repository keeps to, whoever adds it."""

import json
import re
import tomllib

from tests.architecture.tracked_files import REPOSITORY, text_of, tracked_files

#: Names that say nothing about what is inside, so that everything ends up there.
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"})

#: Folders of one person's machine, and the hosts that packages are fetched from: a mirror, a proxy
#: or an air-gapped network would break on them. Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(work|root|Users|tmp/w)/")
REGISTRY_HOST = re.compile(
    r"\b((files\.)?pythonhosted\.org|(registry\.)?npmjs\.(org|com)|pypi\.org"
    r"|deb\.debian\.org|registry\.yarnpkg\.com|--(extra-)?index-url)\b"
)


def pinned(lock: str) -> dict[str, str]:
    lines = (REPOSITORY / lock).read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lines, re.MULTILINE))


def test_no_name_is_empty() -> None:
    found = [path for path in tracked_files() if EMPTY_NAMES & {*path.parent.parts, path.stem}]
    assert not found


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = [
        f"{path}: {match[0]}"
        for path in tracked_files()
        if (match := MACHINE_PATH.search(text_of(path) or ""))
    ]
    assert not found


def test_no_file_names_a_package_registry() -> None:
    found = [
        f"{path}: {match[0]}"
        for path in tracked_files()
        if (match := REGISTRY_HOST.search(text_of(path) or ""))
    ]
    assert not found


def test_the_checks_for_machine_and_registry_find_what_they_look_for() -> None:
    assert MACHINE_PATH.search("see " + "/root" + "/.cache")
    assert not MACHINE_PATH.search("services/work/queue.py")
    assert REGISTRY_HOST.search("https://" + "registry.npmjs" + ".org/react")


def test_lock_files_hold_no_address() -> None:
    for lock in ("requirements.lock", "requirements-test.lock"):
        assert "://" not in (REPOSITORY / lock).read_text()
    for lock in ("package-lock.json", "examples/react/package-lock.json"):
        packages = json.loads((REPOSITORY / lock).read_text())["packages"]
        assert not [name for name, package in packages.items() if "resolved" in package]


def test_every_locked_package_has_a_hash() -> None:
    for lock in ("requirements.lock", "requirements-test.lock"):
        entries = re.split(r"^(?=[A-Za-z0-9])", (REPOSITORY / lock).read_text(), flags=re.MULTILINE)
        assert not [entry[:60] for entry in entries if "==" in entry and "--hash" not in entry]


def test_tests_run_on_the_versions_that_ship() -> None:
    shipped, tested = pinned("requirements.lock"), pinned("requirements-test.lock")
    assert shipped
    assert {name: tested.get(name) for name in shipped} == shipped


def test_the_changelog_tells_of_this_version() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    headings = re.findall(r"^## (\S+)", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == project["version"]


def test_every_make_target_says_what_it_does() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    rules = re.findall(r"^([a-z][\w-]*):(.*)$", makefile, re.MULTILINE)
    names = {name for name, _ in rules}
    assert names >= {"run", "example", "test", "lint", "bench", "schema", "lock", "clean"}
    assert not [name for name, rest in rules if not re.match(r" ## \w.*\.$", rest)]
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == names
