"""The generated reference is what the code says, and leaves nothing out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli import cli
from api.reference.pages import FOLDER, differences, reference_pages, write
from api.reference.schema import the_schema
from graphql_schema.error_codes import ERROR_CODES
from tests.architecture.tracked_files import python_files, text_of

CODE = re.compile(r"[A-Z][A-Z_]{4,}")
#: Codes of one enum of the schema or another, which are no codes of errors[].
GIVES_A_CODE = re.compile(r"(Error|_problem|_refusal|_error)$")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return dict(reference_pages(cli))


def test_the_reference_is_current(pages: dict[str, str]) -> None:
    assert not differences(pages), "run `make schema`"


def test_a_page_that_says_something_else_is_told(pages: dict[str, str], tmp_path: Path) -> None:
    write(pages, tmp_path)
    assert not differences(pages, tmp_path)
    (tmp_path / "errors.md").write_text("# Errors\n")
    (tmp_path / "types.md").unlink()
    told = differences(pages, tmp_path)
    assert [line.split()[0] for line in told] == [
        "docs/reference/errors.md",
        "docs/reference/types.md",
    ]


def test_every_operation_and_type_is_there_with_a_meaning(pages: dict[str, str]) -> None:
    schema = the_schema()
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    fields = {name for root in roots if root for name in root.fields}
    assert fields == set(re.findall(r"^### (\w+)$", pages["operations.md"], flags=re.MULTILINE))
    bare = re.findall(r"^### (\w+)\n\n\n", pages["operations.md"], flags=re.MULTILINE)
    bare += re.findall(r"^## (\w+)\n\n\n", pages["types.md"], flags=re.MULTILINE)
    assert not bare
    shown = set(re.findall(r"^## (\w+)$", pages["types.md"], flags=re.MULTILINE))
    linked = set(re.findall(r"\]\((?:types\.md)?#(\w+)\)", "".join(pages.values())))
    assert linked <= {name.lower() for name in shown}


def test_every_command_is_there_with_what_it_takes(pages: dict[str, str]) -> None:
    shown = set(re.findall(r"^## parlance ([\w -]+)$", pages["commands.md"], flags=re.MULTILINE))
    code = text_of(FOLDER.parents[1] / "api" / "cli.py") or ""
    defined = set(re.findall(r"@cli\.command\(\)\ndef (\w+)\(", code))
    assert {name.replace("_", "-") for name in defined} <= shown
    assert {"knowledge add", "knowledge sync"} <= shown
    assert not re.findall(r"^\|[^|]*\|[^|]*\| +\|$", pages["commands.md"], flags=re.MULTILINE)


def test_every_event_has_its_name_on_the_wire(pages: dict[str, str]) -> None:
    kinds = set(re.findall(r"^\| `([a-z]+\.[a-z_]+)`", pages["events.md"], flags=re.MULTILINE))
    described = set(
        re.findall(r"`([a-z]+\.[a-z_]+)`", text_of(FOLDER.parents[0] / "operate/alerts.md") or "")
    )
    assert kinds
    assert kinds <= described


def codes_in(source: str) -> Iterator[str]:
    """The codes that a module gives to errors: in calls and under the key `code`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
                if GIVES_A_CODE.search(name):
                    yield from (found for one in arguments for found in code_of(one))
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "code":
                        yield from code_of(value)


def code_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
        yield str(node.value)


def test_every_code_of_an_error_is_explained_and_in_use() -> None:
    sources = [text_of(path) or "" for path in python_files("api", "graphql_schema")]
    given = {code for source in sources for code in codes_in(source)}
    assert not given - set(ERROR_CODES)
    elsewhere = "\n".join(
        text_of(path) or ""
        for path in python_files("api", "graphql_schema")
        if path.name != "error_codes.py"
    )
    assert not {code for code in ERROR_CODES if f'"{code}"' not in elsewhere}


def test_codes_are_seen_wherever_they_are_given() -> None:
    source = 'x = PublicError("Sorry.", "ONE_CODE")\ny = {"code": "TWO_CODES"}\nz = f("NO_CODE")\n'
    assert sorted(codes_in(source)) == ["ONE_CODE", "TWO_CODES"]
