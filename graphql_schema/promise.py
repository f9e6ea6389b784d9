"""The promise to everybody who has written documents against the public schema.

`promised.graphql` holds what was promised, without descriptions, in the order of names. Additions
become promises by themselves when the schema is exported. What would break a document that works
today is told in words that say how to go about it, and takes a deliberate act.

New enum values and new members of unions and interfaces are no breaks: the guide tells clients to
be ready for them. A changed default is one, since it changes what old documents do.
"""

from graphql import (
    BreakingChange,
    DangerousChange,
    DangerousChangeType,
    build_client_schema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    introspection_from_schema,
    lexicographic_sort_schema,
    print_schema,
)

SILENTLY_DIFFERENT = frozenset(
    {
        DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
        DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE,
    }
)
"""Changes after which an old document still runs and means something else."""


def promised_form(schema_text: str) -> str:
    """A schema as it is promised: no descriptions, in the order of names, so that diffs are small.

    `@deprecated` stays: it says that a promise is about to end.
    """
    undescribed = introspection_from_schema(build_schema(schema_text), descriptions=False)
    return print_schema(lexicographic_sort_schema(build_client_schema(undescribed))) + "\n"


def broken_promises(promised: str, schema_text: str) -> list[str]:
    """What of a promise a schema does not keep, a sentence each."""
    old, new = build_schema(promised), build_schema(schema_text)
    dangerous = find_dangerous_changes(old, new)
    changes: list[BreakingChange | DangerousChange] = [
        *find_breaking_changes(old, new),
        *(change for change in dangerous if change.type in SILENTLY_DIFFERENT),
    ]
    return sorted(change.description for change in changes)
