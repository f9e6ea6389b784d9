"""Arguments that many fields share, each described once.

A field that takes one writes `first: First = 20`. An argument called `input` needs no description
of its own: it gets the one of its type, which says what is wanted.
"""

from typing import Annotated, TypeAlias

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

First: TypeAlias = Annotated[
    int, strawberry.argument(description="How many items the page has at most, 1 to 100.")
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The page begins after this cursor, the `endCursor` of the page before;"
        " at the start of the list when left out."
    ),
]
FirstOfEither: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="How many items the page has at most, 1 to 100; 20 when `last` is left out too."
    ),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="Pages backwards: how many items at most, 1 to 100."),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Pages backwards: the page ends before this cursor, the `startCursor` of the"
        " page after; at the end of the list when left out."
    ),
]
OwnId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Which one.")]
OnlyOfClient: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="Only those of this client; of all that the caller sees when left out."
    ),
]
OfChatbot: TypeAlias = Annotated[
    strawberry.ID, strawberry.argument(description="Of which chatbot.")
]
AnswerId: TypeAlias = Annotated[
    strawberry.ID, strawberry.argument(description="The answer's message.")
]
AfterSeq: TypeAlias = Annotated[
    int, strawberry.argument(description="The number of the last event that the caller has.")
]
OfClient: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Of which client; needed by people who work for several."),
]
AfterEvent: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last event that the caller has; from now on when left out."
    ),
]


def describe_inputs(schema: GraphQLSchema) -> None:
    """Give every argument called `input` the description of its type."""
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for field in type_.fields.values():
            argument = field.args.get("input")
            if argument is not None and not argument.description:
                argument.description = get_named_type(argument.type).description
