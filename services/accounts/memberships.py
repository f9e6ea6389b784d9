"""Who works for which client, in which role. A client that has owners keeps one."""

from documents.ids import PydanticObjectId
from documents.transactions import Transactions, WriteSession
from documents.users import Membership, RoleName, User
from services.accounts.last_ones import claim_members, owns_alone
from services.accounts.members import MAX_MEMBERS
from services.accounts.one_time_codes import end_codes
from services.accounts.users import changed_user
from services.audit.audit_log import record
from services.refusals import RefusedError, UnknownTargetError

MAX_MEMBERSHIPS = 1_000
"""Of one person."""


class LastOwnerError(RefusedError):
    """Nobody would own the client any more."""

    def __init__(self) -> None:
        message = "A client needs an owner. Make somebody else an owner first."
        super().__init__("CONFLICT", message, "input", "role")


class TooManyMembersError(RefusedError):
    """A client would have more members, or a person more clients, than there may be."""

    def __init__(self, message: str) -> None:
        super().__init__("LIMIT_REACHED", message, "input", "clientId")


class Memberships:
    """Changes who works for clients."""

    def __init__(self, transactions: Transactions, *, most_members: int = MAX_MEMBERS) -> None:
        self._transactions = transactions
        self._most_members = most_members

    async def update(
        self, user_id: PydanticObjectId, client_id: str, role: RoleName | None
    ) -> User:
        """Give a user a role for a client, or none; the user after that.

        Raises:
            UnknownTargetError: there is no such user or client, or no membership to end.
            LastOwnerError: the client would be left without an owner.
            TooManyMembersError: the client or the user has as many memberships as there may be.
        """

        async def write(session: WriteSession) -> User:
            before = await User.find_one({"_id": user_id}, session=session)
            if before is None or (role is None and role_of(before, client_id) is None):
                raise UnknownTargetError("input", "userId")
            return await self.change(before, client_id, role, session)

        return await self._transactions.run_transaction(write)

    async def change(
        self, before: User, client_id: str, role: RoleName | None, session: WriteSession
    ) -> User:
        """The user with a role for a client, or none, as part of a transaction.

        Raises:
            UnknownTargetError: there is no such client.
            LastOwnerError: the client would be left without an owner.
            TooManyMembersError: the client or the user has as many memberships as there may be.
        """
        held = role_of(before, client_id)
        await claim_members(client_id, session)
        if role is None:
            await end_codes(before.id, session, client_id=client_id)
        if held is None:
            await self._check_room(before, client_id, session)
        if held == "owner" and role != "owner" and await owns_alone(before, client_id, session):
            raise LastOwnerError
        memberships = _with_role(before.memberships, client_id, role)
        if memberships == before.memberships:
            after = before
        else:
            after = await changed_user(before, {"memberships": memberships}, session)
        await record(
            session,
            client_id=client_id,
            before=_as_seen_by(client_id, before),
            after=_as_seen_by(client_id, after),
        )
        return after

    async def _check_room(self, user: User, client_id: str, session: WriteSession) -> None:
        if len(user.memberships) >= MAX_MEMBERSHIPS:
            raise TooManyMembersError(f"A person may work for {MAX_MEMBERSHIPS} clients.")
        members = await User.get_pymongo_collection().count_documents(
            {"memberships.client_id": client_id}, session=session, limit=self._most_members
        )
        if members >= self._most_members:
            raise TooManyMembersError(f"A client may have {self._most_members} members.")


def role_of(user: User, client_id: str) -> RoleName | None:
    """What a user may do for a client; None: nothing."""
    return next((one.role for one in user.memberships if one.client_id == client_id), None)


def _with_role(
    memberships: list[Membership], client_id: str, role: RoleName | None
) -> list[Membership]:
    """The memberships with this role in the place of the one that was held."""
    given = [] if role is None else [Membership(client_id=client_id, role=role)]
    place = next((at for at, one in enumerate(memberships) if one.client_id == client_id), None)
    if place is None:
        return [*memberships, *given]
    return [*memberships[:place], *given, *memberships[place + 1 :]]


def _as_seen_by(client_id: str, user: User) -> User:
    """The user without what is none of the client's business: whom else they work for."""
    own = [one for one in user.memberships if one.client_id == client_id]
    part: User = user.model_copy(update={"memberships": own})
    return part
