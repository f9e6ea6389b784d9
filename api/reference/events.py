"""docs/reference/events.md: what integrations are told, and what subscriptions deliver."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_enum_type,
)

from api.reference.markdown import one_line, opening, page, table
from api.reference.schema import linked, meaning, the_schema

_TEXT = """\
Two kinds of events: those that [integrations](../guide/integrations.md) are told of, by webhook,
mail or chat, and those that subscriptions deliver while somebody is connected."""


def events_page() -> str:
    """Returns the whole page as Markdown."""
    lines = opening("Events", "graphql_schema/", _TEXT)
    lines += ["## What integrations are told", "", *_kinds()]
    lines += [
        "[Alerts](../operate/alerts.md) says what to do about each of them,",
        "[integrations](../guide/integrations.md) how they look on the wire and how to check them.",
        "",
        "## What subscriptions deliver",
        "",
    ]
    subscription = the_schema().subscription_type
    for name, field in sorted(subscription.fields.items()) if subscription else []:
        lines += _delivered(name, field)
    return page(lines)


def _kinds() -> list[str]:
    kinds = the_schema().type_map["EventKind"]
    assert isinstance(kinds, GraphQLEnumType)  # noqa: S101 - the contract has it
    rows = [
        (f"`{name.lower().replace('_', '.', 1)}`", f"`{name}`", one_line(kind.description))
        for name, kind in kinds.values.items()
    ]
    return table(("On the wire", "In GraphQL", "When"), rows)


def _delivered(name: str, field: GraphQLField) -> list[str]:
    lines = [f"### {name}", "", one_line(meaning(field)), ""]
    for one in _members(get_named_type(field.type)):
        rows = [(f"`{part}`", linked(of), _meaning(of)) for part, of in one.fields.items()]
        lines += [f"**{one.name}**: {one_line(one.description)}", ""]
        lines += table(("Field", "Type", "Meaning"), rows)
    return lines


def _members(named: GraphQLNamedType) -> Iterator[GraphQLObjectType]:
    if is_abstract_type(named):
        yield from the_schema().get_possible_types(named)
    elif isinstance(named, GraphQLObjectType):
        yield named


def _meaning(of: GraphQLField) -> str:
    named = get_named_type(of.type)
    if is_enum_type(named) and isinstance(named, GraphQLEnumType):
        values = ", ".join(f"`{value}`" for value in named.values)
        return f"{meaning(of)} {values}"
    return meaning(of)
