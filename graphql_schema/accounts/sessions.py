"""Sign-ins of a person: listing them and ending one."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.sessions import Session as SessionDocument
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundError, not_found
from graphql_schema.node import Node, global_id, local_id
from graphql_schema.permissions import Person, allowed_for
from services.accounts.sessions import live_sessions


@strawberry.type(description="A sign-in of a person on one device.")
class Session(Node):
    """A sign-in."""

    created_at: datetime = strawberry.field(description="When the person signed in.")
    last_used_at: datetime = strawberry.field(description="When its tokens were last renewed.")
    expires_at: datetime = strawberry.field(description="When it ends unless it is renewed.")
    user_agent: str | None = strawberry.field(description="What the browser called itself.")
    ip_address: str | None = strawberry.field(description="Where the person signed in from.")
    document: strawberry.Private[SessionDocument]

    @strawberry.field(description="Whether this request is of this session.")
    async def current(self, info: ParlanceInfo) -> bool:
        return (await info.context.person()).session_id == self.document.id


def session_from(document: SessionDocument) -> Session:
    """The public form of a sign-in."""
    return Session(
        id=global_id("Session", document.id),
        created_at=document.created_at,
        last_used_at=document.last_used_at,
        expires_at=document.expires_at,
        user_agent=document.user_agent,
        ip_address=document.ip_address,
        document=document,
    )


@strawberry.type
class SessionQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The caller's sign-ins that have not ended, newest first, at most 100.",
        extensions=allowed_for(Person),
    )
    async def sessions(self, info: ParlanceInfo) -> list[Session]:
        person = await info.context.person()
        return [session_from(one) for one in await live_sessions(person.user.id)]


@strawberry.input(description="Which session to end.")
class RevokeSessionInput:
    """A session."""

    id: strawberry.ID = strawberry.field(description="Which session.")


@strawberry.type(description="The session was ended.")
class RevokeSessionSuccess:
    """How many."""

    revoked_sessions: int = strawberry.field(description="How many sessions ended: 1.")


RevokeSessionResult = Annotated[
    RevokeSessionSuccess | NotFoundError,
    strawberry.union("RevokeSessionResult", description="That it ended, or that there is none."),
]


@strawberry.type
class SessionMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Ends one of the caller's sessions at once; a platform admin ends anybody's.",
        extensions=audited_for(Person),
    )
    async def revoke_session(
        self, info: ParlanceInfo, input: RevokeSessionInput
    ) -> RevokeSessionResult:
        person = await info.context.person()
        session_id = local_id(input.id, "Session")
        owner = None if person.is_admin else person.user.id
        sessions = info.context.services.sessions
        if session_id is None or not await sessions.end(session_id, owner):
            return not_found("input", "id")
        return RevokeSessionSuccess(revoked_sessions=1)
