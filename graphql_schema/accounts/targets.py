"""People whom a caller names by their ids."""

from documents.users import User
from graphql_schema.context import RequestContext
from graphql_schema.node import local_id


async def seen_user(context: RequestContext, public_id: str) -> User | None:
    """The person with this id, or None when it is unknown or nobody whom the caller works with.

    Raises:
        AuthorizationError: the caller is no person.
    """
    person = await context.person()
    user_id = local_id(public_id, "User")
    found = await User.find_one({"_id": user_id}) if user_id else None
    if found is None or person.is_admin or found.id == person.user.id:
        return found
    return found if person.shown(found).memberships else None
