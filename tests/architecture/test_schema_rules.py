"""Rules of the GraphQL surface that hold for every type, also for the next one."""

import itertools
import re
from collections.abc import Iterator

import pytest
from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    InputObjectTypeDefinitionNode,
    Node,
    NullValueNode,
    TypeDefinitionNode,
    parse,
    specified_directives,
)

from graphql_schema.schema import schema

#: Fields of updates for which null can only mean "left out".
NEVER_EMPTY = frozenset({"revision", "active", "settings", "fullName", "email", "isAdmin"})

OF_THE_LANGUAGE = frozenset(one.name for one in specified_directives)
"""Directives that GraphQL itself describes, such as @oneOf."""


def printed() -> DocumentNode:
    return parse(schema.as_str())


def undescribed(source: str) -> Iterator[str]:
    """Yields the coordinate of everything of a schema that has no description, or an empty one.

    Types of every kind, fields, arguments, input fields, enum values and directives.
    """
    for definition in parse(source).definitions:
        if isinstance(definition, TypeDefinitionNode):
            name = definition.name.value
            yield from _without_description(definition, name)
            yield from _undescribed_members(definition, name)
        elif isinstance(definition, DirectiveDefinitionNode):
            if definition.name.value in OF_THE_LANGUAGE:
                continue
            name = f"@{definition.name.value}"
            yield from _without_description(definition, name)
            yield from _undescribed_arguments(definition, name)


def _undescribed_members(definition: TypeDefinitionNode, type_name: str) -> Iterator[str]:
    members = (getattr(definition, kind, None) or () for kind in ("fields", "values"))
    for member in itertools.chain(*members):
        name = f"{type_name}.{member.name.value}"
        yield from _without_description(member, name)
        yield from _undescribed_arguments(member, name)


def _undescribed_arguments(owner: Node, owner_name: str) -> Iterator[str]:
    for argument in getattr(owner, "arguments", None) or ():
        yield from _without_description(argument, f"{owner_name}({argument.name.value}:)")


def _without_description(node: Node, name: str) -> Iterator[str]:
    description = getattr(node, "description", None)
    if description is None or not description.value.strip():
        yield name


def test_everything_in_the_schema_is_described() -> None:
    assert sorted(undescribed(schema.as_str())) == []


@pytest.mark.parametrize(
    ("definition", "coordinate"),
    [
        ("type Thing { {d} name: String }", "Thing"),
        ('type Thing { "" name: String }', "Thing.name"),
        ("{d} type Thing { name: String }", "Thing.name"),
        ("{d} type Thing { {d} name(size: Int): String }", "Thing.name(size:)"),
        ("{d} interface Thing { name: String }", "Thing.name"),
        ("{d} input Thing { name: String }", "Thing.name"),
        ("enum Thing { {d} BIG }", "Thing"),
        ("{d} enum Thing { BIG }", "Thing.BIG"),
        ('{d} enum Thing { " " BIG }', "Thing.BIG"),
        ("union Thing = Big | Small", "Thing"),
        ("scalar Thing", "Thing"),
        ("directive @thing on FIELD", "@thing"),
        ("{d} directive @thing(size: Int) on FIELD", "@thing(size:)"),
    ],
)
def test_whatever_has_no_description_is_named(definition: str, coordinate: str) -> None:
    described = definition.replace("{d}", '"Said."')
    assert coordinate in list(undescribed(described))


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
