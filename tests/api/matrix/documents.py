"""Documents for the operations of the schema, with everything that their types say."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
    is_object_type,
)

from graphql_schema.schema import schema

GRAPHQL = schema._schema
KINDS = ("Query", "Mutation", "Subscription")


def root_fields() -> dict[str, tuple[str, GraphQLField]]:
    """The kind and the definition of each root operation, by its name."""
    return {
        name: (kind.lower(), field)
        for kind in KINDS
        for name, field in _object_type(kind).fields.items()
    }


def id_arguments(operation: str) -> set[str]:
    """The coordinates of all arguments of type ID, also inside inputs, such as input.id."""
    _, field = root_fields()[operation]
    return {
        coordinate
        for name, argument in field.args.items()
        for coordinate in _ids_in(argument.type, name, frozenset())
    }


def _ids_in(type_: GraphQLInputType, path: str, within: frozenset[str]) -> Iterator[str]:
    named = get_named_type(type_)
    if named is GraphQLID:
        yield path
    if isinstance(named, GraphQLInputObjectType) and named.name not in within:
        for name, field in named.fields.items():
            yield from _ids_in(field.type, f"{path}.{name}", within | {named.name})


def variables_of(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a call: what a mutation is given goes into its `input`."""
    _, field = root_fields()[operation]
    return {"input": dict(arguments)} if [*field.args] == ["input"] else dict(arguments)


def document_of(operation: str, variables: Mapping[str, Any], selection: str | None = None) -> str:
    """A document that calls the operation with these variables."""
    kind, field = root_fields()[operation]
    declared = ", ".join(f"${name}: {field.args[name].type}" for name in variables)
    passed = ", ".join(f"{name}: ${name}" for name in variables)
    head = f"{kind} ({declared})" if declared else kind
    call = f"{operation}({passed})" if passed else operation
    return f"{head} {{ {call} {selection or slight_selection(field.type)} }}"


def slight_selection(type_: GraphQLOutputType) -> str:
    """What tells the outcome: the kind, the ids of what is there, the code of a refusal."""
    named = get_named_type(type_)
    match named:
        case GraphQLUnionType():
            return "{ __typename ... on UserError { code path } }"
        case GraphQLInterfaceType() if named.name == "AnswerEvent":
            return "{ __typename ... on AnswerFailed { code } }"
        case GraphQLObjectType() if named.name.endswith("Connection"):
            return "{ edges { node { __typename id } } }"
        case GraphQLObjectType() | GraphQLInterfaceType():
            return "{ __typename id }" if "id" in named.fields else "{ __typename }"
    return ""


def node_types() -> set[str]:
    """The names of all types that can be found by their id."""
    node = GRAPHQL.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    return {one.name for one in GRAPHQL.get_possible_types(node)}


def _object_type(name: str) -> GraphQLObjectType:
    found = GRAPHQL.type_map[name]
    assert is_object_type(found)
    assert isinstance(found, GraphQLObjectType)
    return found
