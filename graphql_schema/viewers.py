"""Who makes a request: nobody, a person, a server of a client, or a visitor."""

from dataclasses import dataclass
from datetime import UTC, datetime

from documents.api_keys import ApiKey
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.users import RoleName, User
from services.visits.widget_tokens import WidgetClaims

_RANK: dict[RoleName, int] = {"viewer": 0, "agent": 1, "editor": 2, "owner": 3}


@dataclass(frozen=True, slots=True)
class PersonViewer:
    """A signed-in user."""

    user: User
    session_id: PydanticObjectId
    expires_at: datetime

    def scope(self, role: RoleName = "viewer") -> TenantScope:
        """The clients for which the user has at least this role; all of them for an admin."""
        if self.user.is_admin:
            return TenantScope.every_client()
        return TenantScope.many(
            [
                membership.client_id
                for membership in self.user.memberships
                if _RANK[membership.role] >= _RANK[role]
            ]
        )

    @property
    def user_id(self) -> PydanticObjectId:
        """By whom changes are made."""
        return self.user.id

    @property
    def is_admin(self) -> bool:
        """Whether the user runs the installation."""
        return self.user.is_admin

    def knows(self, user: User) -> bool:
        """Whether a user is this one, or works for one of the same clients."""
        works_there = any(self.scope().admits(one.client_id) for one in user.memberships)
        return works_there or self.user.is_admin or user.id == self.user.id

    def shown(self, user: User) -> User:
        """A user as this one may see them: without memberships of clients that are none of both."""
        if self.user.is_admin or user.id == self.user.id:
            return user
        shared = [one for one in user.memberships if self.scope().admits(one.client_id)]
        part: User = user.model_copy(update={"memberships": shared})
        return part


@dataclass(frozen=True, slots=True)
class ApiKeyViewer:
    """A server of a client, with an API key. What it may do is declared on each field."""

    key: ApiKey

    @property
    def expires_at(self) -> datetime:
        """When the key ends."""
        return self.key.expires_at or datetime.max.replace(tzinfo=UTC)

    @property
    def user_id(self) -> None:
        """No user: changes are made by the key."""

    @property
    def is_admin(self) -> bool:
        """Never: a key is of one client."""
        return False

    def scope(self, role: RoleName = "viewer") -> TenantScope:
        """The key's client. What only owners may do, no key may."""
        return TenantScope.many([] if role == "owner" else [self.key.client_id])


@dataclass(frozen=True, slots=True)
class VisitorViewer:
    """A visitor's widget."""

    claims: WidgetClaims

    @property
    def expires_at(self) -> datetime:
        """When the widget token ends."""
        return self.claims.expires_at

    def scope(self) -> TenantScope:
        """The one client whose chatbot the visitor talks to."""
        return TenantScope.one(self.claims.client_id)


MemberViewer = PersonViewer | ApiKeyViewer
"""Somebody of the clients' side, as opposed to their visitors."""

Viewer = PersonViewer | ApiKeyViewer | VisitorViewer
