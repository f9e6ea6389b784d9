"""The conversation that somebody wants to change: a visitor's own, or one of their clients."""

from documents.conversations import Conversation
from documents.users import RoleName
from graphql_schema.context import RequestContext
from graphql_schema.node import local_id
from graphql_schema.targets import changeable
from graphql_schema.viewers import VisitorViewer


async def changeable_conversation(
    context: RequestContext, public_id: str, role: RoleName
) -> Conversation | None:
    """The conversation with this id, or None when the caller does not see it.

    Raises:
        AuthorizationError: FORBIDDEN: the caller sees it, but has less than this role.
    """
    viewer = await context.viewer()
    if not isinstance(viewer, VisitorViewer):
        return await changeable(context, Conversation, public_id, role)
    conversation_id = local_id(public_id, "Conversation")
    if conversation_id is None:
        return None
    own = {
        "_id": conversation_id,
        "chatbot_id": viewer.claims.chatbot_id,
        "visitor_id": viewer.claims.visitor_id,
    }
    return await viewer.scope().of(Conversation).find_one(own)
