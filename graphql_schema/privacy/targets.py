"""Whose data is meant: a visitor's own, or that of a visitor of the caller's clients."""

from dataclasses import dataclass

from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.users import RoleName
from documents.visitors import Visitor as VisitorDocument
from graphql_schema.context import RequestContext
from graphql_schema.node import global_id
from graphql_schema.targets import changeable, demand_role
from graphql_schema.viewers import VisitorViewer


@dataclass(frozen=True, slots=True)
class VisitorInQuestion:
    """A visitor whom the caller may speak for."""

    scope: TenantScope
    client_id: str
    visitor_id: PydanticObjectId


async def visitor_in_question(
    context: RequestContext, given: str | None, role: RoleName, user_id: str | None = None
) -> VisitorInQuestion | None:
    """The visitor who asks, or the one that people and servers name; None when there is no such.

    `user_id` is how the client itself calls the visitor.

    Raises:
        AuthorizationError: FORBIDDEN: the caller sees the visitor, but has less than this role.
    """
    viewer = await context.viewer()
    if isinstance(viewer, VisitorViewer):
        own = viewer.claims
        if user_id is not None or given not in {None, global_id("Visitor", own.visitor_id)}:
            return None
        return VisitorInQuestion(viewer.scope(), own.client_id, own.visitor_id)
    if user_id is not None:
        return await _of_one_client(context, user_id, given, role)
    found = await changeable(context, VisitorDocument, given or "", role)
    if found is None:
        return None
    return VisitorInQuestion(TenantScope.one(found.client_id), found.client_id, found.id)


async def _of_one_client(
    context: RequestContext, user_id: str, given: str | None, role: RoleName
) -> VisitorInQuestion | None:
    """The visitor whom the caller's client knows by this id; None for a caller with several.

    An id that is `given` beside it must be the same visitor's.
    """
    member = await context.member()
    visible = member.scope().client_ids
    if visible is None or len(visible) != 1:
        return None
    found = await member.scope().of(VisitorDocument).find_one({"user_id": user_id})
    if found is None or given not in {None, global_id("Visitor", found.id)}:
        return None
    await demand_role(context, found.client_id, role)
    return VisitorInQuestion(TenantScope.one(found.client_id), found.client_id, found.id)
