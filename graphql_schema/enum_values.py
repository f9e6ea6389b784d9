"""Members of enums that say what they mean."""

from typing import TypeVar, cast

import strawberry

ValueType = TypeVar("ValueType")


def described(value: ValueType, description: str) -> ValueType:
    """A member of a Strawberry enum with its description.

    Strawberry takes its own wrapper off again, so the member's value is the plain one; type
    checkers would believe in the wrapper.
    """
    return cast("ValueType", strawberry.enum_value(value, description=description))
