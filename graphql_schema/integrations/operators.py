"""Which integrations only platform admins may make and change: see `services.integrations`."""

from collections.abc import Iterator
from contextlib import contextmanager

from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import AuthorizationError
from services.integrations.integrations import OperatorsOnlyError


async def is_operator(info: ParlanceInfo) -> bool:
    """Whether the caller runs the platform."""
    return (await info.context.person()).is_admin


@contextmanager
def operators_told_apart() -> Iterator[None]:
    """Answer FORBIDDEN where only operators may.

    Raises:
        AuthorizationError: FORBIDDEN.
    """
    try:
        yield
    except OperatorsOnlyError as error:
        raise AuthorizationError("FORBIDDEN") from error
