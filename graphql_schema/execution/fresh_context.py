"""A context for each thing that must load for itself.

What loaders have found is good for one look at the data: for a query, for one of several mutations
(it may have changed what the one before has loaded), for one event of a stream.
"""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class LoadsAnew(Protocol):
    """A context that can be made anew."""

    def fresh(self) -> Any:
        """The context of the same caller, with nothing loaded."""


def fresh_context(context: Any) -> Any:
    """A context with nothing loaded; the same one if it never loads."""
    return context.fresh() if isinstance(context, LoadsAnew) else context
