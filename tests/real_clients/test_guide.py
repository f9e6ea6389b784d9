"""The guide's project is whole, its types are strict, and what is wrong in it would be seen."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.real_clients.guide_project import (
    GUIDE,
    ToolError,
    check_types,
    compile_for_relay,
    files_of_guide,
    generate_types,
)
from tests.server_process import ServerProcess


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """A project of the test's own, to break."""
    folder = tmp_path / "guide"
    shutil.copytree(project, folder, symlinks=True, ignore=shutil.ignore_patterns("built"))
    return folder


def test_every_snippet_is_a_file_of_the_project() -> None:
    snippets = re.findall(r"^```(?:js|jsx|ts|tsx|json|graphql)$", GUIDE.read_text(), re.MULTILINE)
    assert len(snippets) == len(files_of_guide())


def test_what_the_guide_fetches_is_there(server: ServerProcess) -> None:
    lines = re.findall(
        r"^curl -fo \S+ https://parlance\.example(/\S+)$", GUIDE.read_text(), re.MULTILINE
    )
    assert len(lines) == 2
    for path in lines:
        assert httpx.get(f"{server.url}{path}", trust_env=False).status_code == 200


def test_the_types_are_those_of_the_schema(project: Path) -> None:
    made = (project / "src" / "gql" / "graphql.ts").read_text()
    assert "'CONFIRMATION_MISMATCH'" in made
    assert re.search(r"__typename: 'UpdateClientSuccess'", made)
    assert "any" not in re.findall(r": (\w+)", made)


BREAKS: dict[str, tuple[str, str, str, Callable[[Path], None]]] = {
    "a field that is not there": (
        "src/Clients.tsx", "{node.name}", "{node.nickname}", check_types
    ),
    "a member of the union that is not there": (
        "src/RenameClient.tsx", '"ConflictError"', '"ConflictErrer"', check_types
    ),
    "an error's data taken for granted": (
        "src/RenameClient.tsx", "result.issues.map", "result.client.map", check_types
    ),
    "a null that was forgotten": (
        "src/visit.ts", "if (!data) throw error;", "", check_types
    ),
    "a variable of another type": (
        "src/Chat.tsx", "  text: string", "  text: number", check_types
    ),
    "a field that the schema has not": (
        "schema.graphql", "  slug: String!", "  sloog: String!", generate_types
    ),
    "a connection that is none": (
        "relay/ClientPage.tsx", "chatbots(first", "signingKeys(first", compile_for_relay
    ),
    "a type that Relay cannot fetch again": (
        "schema.graphql", "type Client implements Node", "type Client", compile_for_relay
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "tool"), BREAKS.values(), ids=BREAKS)
def test_the_tools_see(
    copy: Path, name: str, old: str, new: str, tool: Callable[[Path], None]
) -> None:
    path = copy / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ToolError):
        tool(copy)
