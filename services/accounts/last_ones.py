"""The last ones: an installation keeps an admin, and a client that has owners keeps one.

Whoever takes a right away first writes to the document that all who do so write to. So two of them
at once conflict, and the second sees what the first did: two who demote each other leave one.
People who cannot sign in run nothing in practice, so they do not count.
"""

from documents.base import utc_now
from documents.clients import Client
from documents.installation import claim_admins
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.users import User
from services.refusals import UnknownTargetError

ABLE_TO_SIGN_IN = {"active": True, "hashed_password": {"$ne": None}}


async def claim_members(client_id: str, session: WriteSession) -> None:
    """Let no other change of a client's members happen at the same time.

    Raises:
        UnknownTargetError: there is no such client.
    """
    client = await (
        TenantScope.one(client_id)
        .of(Client)
        .update_one({}, {"$set": {"members_changed_at": utc_now()}}, session=session)
    )
    if client is None:
        raise UnknownTargetError("input", "clientId")


async def owns_alone(user: User, client_id: str, session: WriteSession) -> bool:
    """Whether nobody else could act as the client's owner; claim its members first."""
    owning = {"$elemMatch": {"client_id": client_id, "role": "owner"}}
    return await _nobody_but(user, {"memberships": owning}, session)


async def runs_alone(user: User, session: WriteSession) -> bool:
    """Whether nobody else could run the installation; no other change of admins happens now."""
    await claim_admins(session)
    return await _nobody_but(user, {"is_admin": True}, session)


async def _nobody_but(user: User, having: dict[str, object], session: WriteSession) -> bool:
    if not user.active or user.hashed_password is None:
        return False
    others = {"_id": {"$ne": user.id}, **ABLE_TO_SIGN_IN, **having}
    users = User.get_pymongo_collection()
    return not await users.count_documents(others, session=session, limit=1)
