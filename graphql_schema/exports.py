"""What integrators get of the schema: its text, and which types stand behind interfaces and unions.

Both are printed once per process. The committed files beside this module say the same, which
`parlance export-schema --check` watches over.
"""

import json
from functools import cache

from graphql import build_schema, is_abstract_type

from graphql_schema.schema import schema


@cache
def schema_text() -> str:
    """The public schema in GraphQL's own language, with descriptions."""
    return schema.as_str().rstrip() + "\n"


@cache
def possible_types_text() -> str:
    """The public schema's possible types as JSON, for Apollo Client's InMemoryCache."""
    return possible_types_of(schema_text())


def possible_types_of(text: str) -> str:
    """The object types of each interface and union of a schema, as JSON.

    A cache that does not know them matches `... on UserError` against that very name only, and
    drops the data of every error.
    """
    given = build_schema(text)
    possible = {
        name: sorted(member.name for member in given.get_possible_types(abstract))
        for name, abstract in sorted(given.type_map.items())
        if is_abstract_type(abstract)
    }
    return json.dumps(possible, indent=2) + "\n"
