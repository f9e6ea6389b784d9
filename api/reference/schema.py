"""The public schema as the reference reads it, and the links between its types."""

from functools import cache

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import ast_from_value

from api.reference.markdown import one_line
from graphql_schema.exports import schema_text

Described = GraphQLField | GraphQLArgument | GraphQLInputField


@cache
def the_schema() -> GraphQLSchema:
    """The schema that `/schema.graphql` shows."""
    return build_schema(schema_text())


def linked(one: Described, page: str = "types.md") -> str:
    """A type as it is written, with the way to where it is described."""
    named = get_named_type(one.type)
    written = str(one.type)
    if is_specified_scalar_type(named):
        return f"`{written}`"
    return f"[`{written}`]({page}#{named.name.lower()})"


def meaning(one: Described) -> str:
    """A description, with the default and what is deprecated."""
    parts = [one_line(one.description)]
    default = getattr(one, "default_value", None)
    if default not in (None, [], {}) and not isinstance(one, GraphQLField):
        node = ast_from_value(default, one.type)
        parts.append(f"Default: `{print_ast(node)}`." if node else "")
    if one.deprecation_reason:
        parts.append(f"Deprecated: {one_line(one.deprecation_reason)}")
    return " ".join(part for part in parts if part)
