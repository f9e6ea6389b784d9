"""docs/reference/operations.md: every query, mutation and subscription."""

from graphql import GraphQLField, GraphQLObjectType

from api.reference.markdown import one_line, opening, page, table
from api.reference.schema import linked, meaning, the_schema

_TEXT = """\
Every query, mutation and subscription of `/graphql`. What their arguments and results are made of
stands in [types](types.md), and the whole schema in GraphQL's own language at `/schema.graphql`.
[Errors](errors.md) has what may go wrong."""


def operations_page() -> str:
    """Returns the whole page as Markdown."""
    schema = the_schema()
    lines = opening("Operations", "graphql_schema/", _TEXT)
    roots = (
        ("Queries", schema.query_type),
        ("Mutations", schema.mutation_type),
        ("Subscriptions", schema.subscription_type),
    )
    for title, root in roots:
        lines += [f"## {title}", "", *_fields(root)]
    return page(lines)


def _fields(root: GraphQLObjectType | None) -> list[str]:
    fields = sorted(root.fields.items()) if root else []
    return [line for name, field in fields for line in _operation(name, field)]


def _operation(name: str, field: GraphQLField) -> list[str]:
    rows = [(f"`{one}`", linked(given), meaning(given)) for one, given in field.args.items()]
    arguments = table(("Argument", "Type", "Meaning"), rows) if rows else []
    told = one_line(meaning(field))
    return [f"### {name}", "", told, "", f"Gives {linked(field)}.", "", *arguments]
