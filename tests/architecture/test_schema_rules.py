"""Rules of the GraphQL surface that hold for every type, also for the next one."""

import re
from collections.abc import Iterator

from graphql import (
    DocumentNode,
    InputObjectTypeDefinitionNode,
    NullValueNode,
    TypeDefinitionNode,
    parse,
)

from graphql_schema.schema import schema
from tests.architecture.tracked_files import REPOSITORY

#: Fields of updates for which null can only mean "left out".
NEVER_EMPTY = frozenset({"revision", "active", "settings"})


def printed() -> DocumentNode:
    return parse(schema.as_str())


def undescribed(document: DocumentNode) -> Iterator[str]:
    """Yields the coordinate of every type, field and input field without a description."""
    for definition in document.definitions:
        if not isinstance(definition, TypeDefinitionNode):
            continue
        name = definition.name.value
        if definition.description is None:
            yield name
        for member in getattr(definition, "fields", None) or ():
            if member.description is None:
                yield f"{name}.{member.name.value}"


def test_every_type_and_field_is_described() -> None:
    assert sorted(undescribed(printed())) == []


def test_the_committed_schema_is_the_printed_one() -> None:
    committed = (REPOSITORY / "graphql_schema" / "schema.graphql").read_text()
    assert committed.strip() == schema.as_str().strip(), "run `make schema`"


def test_an_update_can_tell_left_out_from_cleared() -> None:
    """With a default of null, a caller that leaves a field out would clear it."""
    updates = [
        definition
        for definition in printed().definitions
        if isinstance(definition, InputObjectTypeDefinitionNode)
        and re.match(r"Update|\w*SettingsInput$", definition.name.value)
    ]
    assert not [
        f"{definition.name.value}.{field.name.value}"
        for definition in updates
        for field in definition.fields or ()
        if isinstance(field.default_value, NullValueNode) and field.name.value not in NEVER_EMPTY
    ]
