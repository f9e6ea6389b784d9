"""Who may use a field, declared on the field. A field without a declaration fails a test.

Each rule raises the error with the right code itself, since "no token" and "not your client" are
different things to a dashboard.
"""

from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types import Info

from graphql_schema.errors import AuthorizationError
from graphql_schema.viewers import PersonViewer


class Anybody(BasePermission):
    """No token needed, and none looked at."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        return True


class SignedIn(BasePermission):
    """A person, a visitor or an API key."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        if await info.context.viewer() is None:
            raise AuthorizationError("UNAUTHENTICATED")
        return True


class Person(BasePermission):
    """A signed-in user; what they may see follows from their memberships."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        await info.context.person()
        return True


class PlatformAdmin(BasePermission):
    """A user who runs the installation."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        viewer: PersonViewer = await info.context.person()
        if not viewer.user.is_admin:
            raise AuthorizationError("FORBIDDEN")
        return True


class Visitor(BasePermission):
    """A visitor with a live widget token."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        await info.context.visitor()
        return True


def allowed_for(*permissions: type[BasePermission]) -> list[FieldExtension]:
    """The `extensions` of a field that only these callers may use (all rules must hold)."""
    return [PermissionExtension([rule() for rule in permissions], use_directives=False)]
