"""docs/reference/types.md: what operations take and give."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    is_introspection_type,
    is_specified_scalar_type,
)

from api.reference.markdown import one_line, opening, page, table
from api.reference.schema import linked, meaning, the_schema

_TEXT = """\
The types of the schema, by name. [Operations](operations.md) has the queries, mutations and
subscriptions that use them."""
_HERE = ""


def types_page() -> str:
    """Returns the whole page as Markdown."""
    lines = opening("Types", "graphql_schema/", _TEXT)
    for one in _shown():
        lines += [f"## {one.name}", "", one_line(one.description), "", *_parts(one)]
    return page(lines)


def _shown() -> Iterator[GraphQLNamedType]:
    schema = the_schema()
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    for _, one in sorted(schema.type_map.items()):
        if (
            one not in roots
            and not is_introspection_type(one)
            and not is_specified_scalar_type(one)
        ):
            yield one


def _parts(one: GraphQLNamedType) -> list[str]:
    match one:
        case GraphQLEnumType():
            rows = [(f"`{name}`", one_line(of.description)) for name, of in one.values.items()]
            return table(("Value", "Meaning"), rows)
        case GraphQLUnionType():
            return ["One of:", "", *_listed(one.types), ""]
        case GraphQLInterfaceType():
            behind = the_schema().get_possible_types(one)
            return [*_fields(one), "Is one of:", "", *_listed(behind), ""]
        case GraphQLObjectType() | GraphQLInputObjectType():
            return _fields(one)
    return []


def _listed(types: list[GraphQLObjectType] | tuple[GraphQLObjectType, ...]) -> list[str]:
    return [f"- [`{one.name}`](#{one.name.lower()})" for one in types]


def _fields(one: GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType) -> list[str]:
    rows = [(_name(name, of), linked(of, _HERE), meaning(of)) for name, of in one.fields.items()]
    return table(("Field", "Type", "Meaning"), rows)


def _name(name: str, of: object) -> str:
    arguments = ", ".join(getattr(of, "args", {}))
    return f"`{name}({arguments})`" if arguments else f"`{name}`"
