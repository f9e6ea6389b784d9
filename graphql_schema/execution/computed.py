"""Fields that follow from an object and from the request alone, without waiting for anything.

Such a field is resolved by code, so a plan would leave it to graphql-core, and with it the whole
list that its object stands in. Declared here, it is computed within the plan: same function, same
value.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from strawberry.types.field import StrawberryField

Compute: TypeAlias = Callable[[Any, Any], Any]
"""From the object and the operation's context to the field's value. It changes nothing."""

_KEY = "computed_by"


def computed_by(compute: Compute) -> dict[str, Compute]:
    """The `metadata` of a field whose resolver gives what this function gives."""
    return {_KEY: compute}


def computation_of(field: StrawberryField) -> Compute | None:
    """What computes a field; None for one that is not declared so, or that is guarded."""
    metadata: Mapping[Any, Any] = field.metadata or {}
    compute: Compute | None = metadata.get(_KEY)
    return None if field.permission_classes or field.extensions else compute
