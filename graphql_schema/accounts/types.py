"""People and who is making a request."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from documents.users import User as UserDocument
from graphql_schema.context import ParlanceInfo
from graphql_schema.enum_values import described
from graphql_schema.errors import AuthorizationError
from graphql_schema.node import Node, global_id
from graphql_schema.permissions import Person, allowed_for

if TYPE_CHECKING:
    from graphql_schema.accounts.sessions import Session
    from graphql_schema.api_keys.types import ApiKey
    from graphql_schema.clients.types import Client
    from graphql_schema.conversations.types import Visitor


@strawberry.enum(description="What a member may do for a client; each includes those after it.")
class Role(Enum):
    """Values are the stored names."""

    OWNER = described("owner", "Also keys, members, the client itself and the audit log.")
    EDITOR = described("editor", "Also changes chatbots, language models and knowledge.")
    AGENT = described("agent", "Also works on conversations.")
    VIEWER = described("viewer", "Reads.")


@strawberry.type(description="What a user may do for a client.")
class Membership:
    """A user's role for one client."""

    user: "User" = strawberry.field(description="Who.")
    role: Role = strawberry.field(description="What they may do.")
    client_slug: strawberry.Private[str]

    @strawberry.field(description="For which client.")
    async def client(
        self, info: ParlanceInfo
    ) -> Annotated["Client", strawberry.lazy("graphql_schema.clients.types")]:
        from graphql_schema.clients.types import client_by_slug  # noqa: PLC0415

        return await client_by_slug(info.context, self.client_slug)


@strawberry.type(description="A person with an account.")
class User(Node):
    """A person."""

    email: str = strawberry.field(description="The address they sign in with.")
    full_name: str = strawberry.field(description="How they are called.")
    is_admin: bool = strawberry.field(description="Whether they run this installation.")
    active: bool = strawberry.field(description="Whether they may sign in.")
    last_sign_in_at: datetime | None = strawberry.field(description="Their last sign-in.")
    created_at: datetime = strawberry.field(description="When the account was made.")
    revision: int = strawberry.field(description="Counts the changes; see ConflictError.")
    document: strawberry.Private[UserDocument]

    @strawberry.field(description="For which clients they work.")
    def memberships(self) -> list[Membership]:
        return [
            Membership(user=self, role=Role(one.role), client_slug=one.client_id)
            for one in self.document.memberships
        ]

    @strawberry.field(
        description="Their sign-ins that have not ended. One's own; platform admins see anybody's.",
        extensions=allowed_for(Person),
    )
    async def sessions(
        self, info: ParlanceInfo
    ) -> list[Annotated["Session", strawberry.lazy("graphql_schema.accounts.sessions")]]:
        from graphql_schema.accounts.sessions import session_from  # noqa: PLC0415

        person = await info.context.person()
        if not person.is_admin and person.user.id != self.document.id:
            raise AuthorizationError("FORBIDDEN")
        found = await info.context.loaders.sessions_by_user_id.load(self.document.id)
        return [session_from(one) for one in found]


@strawberry.type(description="Who makes the request; exactly one field is set.")
class Viewer:
    """The caller."""

    user: User | None = strawberry.field(description="A signed-in person.", default=None)
    visitor: Annotated["Visitor", strawberry.lazy("graphql_schema.conversations.types")] | None = (
        strawberry.field(description="A visitor with a widget token.", default=None)
    )
    api_key: Annotated["ApiKey", strawberry.lazy("graphql_schema.api_keys.types")] | None = (
        strawberry.field(description="A server of a client.", default=None)
    )


def user_from(document: UserDocument) -> User:
    """The public form of a user."""
    return User(
        id=global_id("User", document.id),
        email=document.email,
        full_name=document.full_name,
        is_admin=document.is_admin,
        active=document.active,
        last_sign_in_at=document.last_sign_in_at,
        created_at=document.created_at,
        revision=document.revision,
        document=document,
    )
