"""What was promised to integrators is kept, and what would break it is told before they notice."""

from pathlib import Path

import pytest

from api.schema_export import PROMISE_FILE, SCHEMA_FILE, WHAT_TO_DO, SchemaExport

PUBLIC = """
type Query {
  client(id: ID!): Client
  clients(first: Int! = 20): [Client!]!
}
interface Node { id: ID! }
type Client implements Node { id: ID! name: String! status: Status }
enum Status { OPEN CLOSED }
input Filter { text: String, first: Int = 5 }
type Mutation { find(input: Filter!): Result! }
union Result = Client | Refused
type Refused { code: String! }
scalar Moment
"""

BREAKS = {
    "a field removed": ("name: String! ", "", "Field Client.name was removed."),
    "a type removed": ("scalar Moment", "", "Moment was removed."),
    "a type of a field": ("code: String!", "code: Int!", "Refused.code changed type"),
    "a field that may be null now": ("name: String!", "name: String", "Client.name changed type"),
    "an argument required": ("(first:", "(page: Int!, first:", "Query.clients(page:)"),
    "an argument removed": ("(first: Int! = 20)", "", "Query.clients(first:) was removed"),
    "an argument of another type": ("id: ID!):", "id: Int!):", "Query.client(id:)"),
    "an argument's default": ("= 20", "= 10", "Query.clients(first:) has changed defaultValue"),
    "an enum value removed": ("OPEN CLOSED", "OPEN", "Status.CLOSED was removed"),
    "an input field required": ("text: String", "text: String!", "Filter.text changed type"),
    "a new input field required": ("text:", "new: Int!, text:", "Filter.new"),
    "an input field removed": ("text: String, ", "", "Filter.text was removed"),
    "an input field's default": ("= 5", "= 6", "Filter.first has changed defaultValue"),
    "a member of a union": (" | Refused", "", "Refused was removed from union type Result"),
    "an interface": (" implements Node", "", "Client no longer implements interface Node"),
    "a kind of type": ("scalar Moment", "enum Moment { NOW }", "Moment changed"),
}

ADDITIONS = {
    "a field": ("name: String!", "name: String! note: String"),
    "a type": ("scalar Moment", "scalar Moment scalar Day"),
    "an argument": ("(first:", "(after: String, first:"),
    "an enum value": ("OPEN CLOSED", "OPEN CLOSED WAITING"),
    "an input field": ("text: String", "text: String, name: String"),
    "a member of a union": ("= Client |", "= Client | Missing |"),
    "a null that never comes": ("status: Status", "status: Status!"),
    "a deprecation": ("status: Status", 'status: Status @deprecated(reason: "See name.")'),
    "a description": ("type Refused", '"Said." type Refused'),
}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The folder of a schema that was exported and promised."""
    folder = tmp_path / "graphql_schema"
    folder.mkdir()
    assert SchemaExport(PUBLIC, folder).write() == []
    return folder


def changed(old: str, new: str) -> str:
    assert PUBLIC.count(old) == 1
    extra = " type Missing { code: String! }" if "Missing" in new else ""
    return PUBLIC.replace(old, new) + extra


@pytest.mark.parametrize(("old", "new", "told"), BREAKS.values(), ids=BREAKS)
def test_a_break_is_told_with_what_to_do_and_nothing_is_forgotten(
    published: Path, old: str, new: str, told: str
) -> None:
    export = SchemaExport(changed(old, new), published)
    promised = (published / PROMISE_FILE).read_text()

    *sentences, advice = export.write()
    assert any(told in one for one in sentences), sentences
    assert advice == WHAT_TO_DO
    assert (published / SCHEMA_FILE).read_text() == export.text
    assert (published / PROMISE_FILE).read_text() == promised
    assert export.differences() == [*sentences, advice], "a second look says the same"


@pytest.mark.parametrize(("old", "new", "told"), BREAKS.values(), ids=BREAKS)
def test_a_break_that_is_meant_becomes_the_new_promise(
    published: Path, old: str, new: str, told: str
) -> None:
    export = SchemaExport(changed(old, new), published)
    assert export.write(break_promise=True) == []
    assert export.differences() == []
    assert SchemaExport(PUBLIC, published).differences(), "the old form is forgotten"


@pytest.mark.parametrize(("old", "new"), ADDITIONS.values(), ids=ADDITIONS)
def test_an_addition_is_promised_when_the_schema_is_exported(
    published: Path, old: str, new: str
) -> None:
    export = SchemaExport(changed(old, new), published)
    assert not [one for one in export.differences() if "Promised" in one]
    assert export.write() == []
    assert export.differences() == []


def test_what_was_added_is_kept_from_then_on(published: Path) -> None:
    SchemaExport(changed("OPEN CLOSED", "OPEN CLOSED WAITING"), published).write()
    assert "Status.WAITING was removed" in SchemaExport(PUBLIC, published).differences()[-2]


def test_each_file_that_drifted_is_named(published: Path) -> None:
    export = SchemaExport(changed("= Client |", "= Client | Missing |"), published)
    told = "\n".join(export.differences())
    for name in ("schema.graphql", "possible_types.json", "promised.graphql"):
        assert f"graphql_schema/{name} differs" in told


def test_the_committed_files_are_those_of_the_code() -> None:
    assert SchemaExport().differences() == []
