"""Mutations that change something: who does it is known to the audit log before they begin.

`audited_for` stands where other fields have `allowed_for`. It says in whose name the change is
recorded, and puts the services' refusals into the mutation's own union. Recording itself is part of
the services' transactions; a mutation that succeeds without it is at fault, and says so.
"""

from collections.abc import Sequence
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.permission import BasePermission
from strawberry.types import Info
from strawberry.types.union import StrawberryUnion

from graphql_schema.context import RequestContext
from graphql_schema.errors import UserError
from graphql_schema.permissions import Anybody, allowed_for
from graphql_schema.refusals import refusal_of
from graphql_schema.scopes import Scope
from graphql_schema.viewers import ApiKeyViewer, PersonViewer, Viewer
from services.audit.acts import Act, Actor, acting


class UntoldChangeError(Exception):
    """A mutation succeeded and no service told the audit log what it changed."""


class Audited(FieldExtension):
    """Runs a mutation in its caller's name."""

    def __init__(self, *, in_nobodys_name: bool = False) -> None:
        """`in_nobodys_name`: no token is looked at; who it is may turn out later (`act_as`)."""
        self._in_nobodys_name = in_nobodys_name

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any
    ) -> Any:
        """The mutation's result, or the refusal that a service raised."""
        with acting(Act(await self._actor(info.context), info.field_name)) as act:
            try:
                result = await next_(source, info, **kwargs)
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is None or not isinstance(refusal, _members(info)):
                    raise
                return refusal
        must_tell = not (act.actor.is_visitor or isinstance(result, UserError))
        if must_tell and not act.told:
            raise UntoldChangeError(info.field_name)
        return result

    async def _actor(self, context: RequestContext) -> Actor:
        if self._in_nobodys_name:
            return Actor("Nobody", None, context.caller.ip_address)
        return actor_of(await context.viewer(), context.caller.ip_address)


def audited_for(
    *permissions: type[BasePermission], scope: Scope | Sequence[Scope] = ()
) -> list[FieldExtension]:
    """The `extensions` of a mutation that only these callers may use; see `allowed_for`."""
    audited = Audited(in_nobodys_name=Anybody in permissions)
    return [*allowed_for(*permissions, scope=scope), audited]


def actor_of(viewer: Viewer | None, address: str | None) -> Actor:
    """How the log calls whoever makes a request."""
    if isinstance(viewer, PersonViewer):
        return Actor(viewer.user.email, viewer.user.id, address)
    if isinstance(viewer, ApiKeyViewer):
        return Actor(f"API key {viewer.key.name} ({viewer.key.prefix}…)", None, address)
    if viewer is not None:
        return Actor("The visitor", is_visitor=True)  # a visitor's address is the visitor's
    return Actor("Nobody", None, address)


def _members(info: Info) -> tuple[type, ...]:
    """The types that the mutation may answer with."""
    result = info.return_type
    return tuple(result.types) if isinstance(result, StrawberryUnion) else ()  # type: ignore[arg-type]
