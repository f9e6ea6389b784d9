"""From a mutation to the audit log: who made the request, and from where."""

from documents.base import StoredDocument, utc_now
from documents.ids import PydanticObjectId
from documents.visitors import Visitor
from graphql_schema.context import RequestContext
from graphql_schema.viewers import MemberViewer, PersonViewer, VisitorViewer
from services.audit.audit_log import Actor, record_change


async def record(
    context: RequestContext,
    action: str,
    *,
    client_id: str | None,
    before: StoredDocument | None = None,
    after: StoredDocument | None = None,
) -> None:
    """Record a change that this request made; `action` is the name of the mutation."""
    viewer = await context.member()
    actor = Actor(_name(viewer), viewer.user_id, context.caller.ip_address)
    await record_change(actor, action, client_id=client_id, before=before, after=after)


async def record_about_visitor(
    context: RequestContext, action: str, client_id: str, visitor_id: PydanticObjectId
) -> None:
    """Record what was done with a visitor's data, by whom, and nothing of the data."""
    now = utc_now()
    target = Visitor(id=visitor_id, client_id=client_id, first_seen_at=now, last_seen_at=now)
    if isinstance(await context.viewer(), VisitorViewer):
        actor = Actor("The visitor")
        await record_change(actor, action, client_id=client_id, before=target, after=target)
    else:
        await record(context, action, client_id=client_id, before=target, after=target)


def _name(viewer: MemberViewer) -> str:
    if isinstance(viewer, PersonViewer):
        return viewer.user.email
    return f"API key {viewer.key.name} ({viewer.key.prefix}…)"
