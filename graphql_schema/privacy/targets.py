"""Whose data is meant: a visitor's own, or that of a visitor of the caller's clients."""

from dataclasses import dataclass

from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.users import RoleName
from documents.visitors import Visitor as VisitorDocument
from graphql_schema.context import RequestContext
from graphql_schema.node import global_id
from graphql_schema.targets import changeable
from graphql_schema.viewers import VisitorViewer


@dataclass(frozen=True, slots=True)
class VisitorInQuestion:
    """A visitor whom the caller may speak for."""

    scope: TenantScope
    client_id: str
    visitor_id: PydanticObjectId


async def visitor_in_question(
    context: RequestContext, given: str | None, role: RoleName
) -> VisitorInQuestion | None:
    """The visitor who asks, or the one that people and servers name; None when there is no such.

    Raises:
        AuthorizationError: FORBIDDEN: the caller sees the visitor, but has less than this role.
    """
    viewer = await context.viewer()
    if isinstance(viewer, VisitorViewer):
        own = viewer.claims
        if given is not None and given != global_id("Visitor", own.visitor_id):
            return None
        return VisitorInQuestion(viewer.scope(), own.client_id, own.visitor_id)
    found = await changeable(context, VisitorDocument, given or "", role)
    if found is None:
        return None
    return VisitorInQuestion(TenantScope.one(found.client_id), found.client_id, found.id)
