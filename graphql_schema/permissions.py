"""Who may use a field, declared on the field. A field without a declaration fails a test.

An API key may use a field only if the field names a scope that the key has, whatever else it
declares: what is new is closed to keys.

Each rule raises the error with the right code itself, since "no token" and "not your client" are
different things to a dashboard.
"""

from collections.abc import Sequence
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types import Info

from graphql_schema.errors import AuthorizationError
from graphql_schema.scopes import Scope
from graphql_schema.viewers import ApiKeyViewer, PersonViewer


class Anybody(BasePermission):
    """No token needed, and none looked at."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        return True


class SignedIn(BasePermission):
    """A person or a visitor."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:  # noqa: ARG002
        viewer = await info.context.viewer()
        if viewer is None:
            raise AuthorizationError("UNAUTHENTICATED")
        if isinstance(viewer, ApiKeyViewer):
            raise AuthorizationError("FORBIDDEN")
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


class KeyWithScope(BasePermission):
    """An API key with one of these scopes, or whom the other rules admit."""

    def __init__(self, scopes: frozenset[str], others: Sequence[BasePermission]) -> None:
        self._scopes = scopes
        self._others = others

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        viewer = await info.context.viewer()
        if not isinstance(viewer, ApiKeyViewer):
            for rule in self._others:
                await rule.has_permission(source, info, **kwargs)  # type: ignore[misc]
            return True
        if self._scopes.isdisjoint(viewer.key.scopes):
            raise AuthorizationError("FORBIDDEN")
        return True


def allowed_for(
    *permissions: type[BasePermission], scope: Scope | Sequence[Scope] = ()
) -> list[FieldExtension]:
    """The `extensions` of a field that only these callers may use (all rules must hold).

    Args:
        permissions: Who may use it.
        scope: Also an API key that has this scope, or one of these.
    """
    rules: list[BasePermission] = [rule() for rule in permissions]
    scopes = frozenset(one.value for one in ([scope] if isinstance(scope, Scope) else scope))
    if scopes:
        rules = [KeyWithScope(scopes, rules)]
    return [PermissionExtension(rules, use_directives=False)]
