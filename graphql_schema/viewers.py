"""Who makes a request: nobody, a person, or a visitor."""

from dataclasses import dataclass
from datetime import datetime

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

    def shown(self, user: User) -> User:
        """A user as this one may see them: without memberships of clients that are none of both."""
        if self.user.is_admin or user.id == self.user.id:
            return user
        shared = [one for one in user.memberships if self.scope().admits(one.client_id)]
        part: User = user.model_copy(update={"memberships": shared})
        return part


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


Viewer = PersonViewer | VisitorViewer
