"""Inviting people to work for a client."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from documents.clients import Client as ClientDocument
from documents.users import RoleName
from graphql_schema.accounts.types import Role, User, user_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    not_found,
)
from graphql_schema.permissions import Person
from graphql_schema.targets import changeable


@strawberry.input(description="Whom to invite, and to what.")
class InviteUserInput:
    """An invitation."""

    client_id: strawberry.ID = strawberry.field(description="For which client.")
    email: str = strawberry.field(description="The person's address; the invitation goes there.")
    role: Role = strawberry.field(description="What they may do for the client.")


@strawberry.type(description="The person works for the client, and a mail is on its way.")
class InviteUserSuccess:
    """An invitation."""

    user: User = strawberry.field(
        description="The person; until they choose a password, called by the name of their mailbox."
    )
    expires_at: datetime = strawberry.field(description="Until when the link in the mail works.")


InviteUserResult = Annotated[
    InviteUserSuccess | InvalidInputError | NotFoundError | AlreadyExistsError | RateLimitedError,
    strawberry.union(
        "InviteUserResult",
        description="An invitation. AlreadyExistsError: the person works for the client already, or"
        " the account was deactivated.",
    ),
]


@strawberry.type
class InvitationMutations:
    """Mutations of invitations."""

    @strawberry.mutation(
        description="Invites a person by mail to work for a client. Whoever has no account chooses"
        " a password with the link in the mail (`resetPassword`); inviting again sends another"
        " link. Whoever has an account is a member at once. Owners.",
        extensions=audited_for(Person),
    )
    async def invite_user(self, info: ParlanceInfo, input: InviteUserInput) -> InviteUserResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "owner")
        if client is None:
            return not_found("input", "clientId")
        person, services = await info.context.person(), info.context.services
        await services.rate_limits.invitation(client=client.client_id, receiver=input.email)
        user, expires_at = await services.invitations.invite(
            client.client_id,
            input.email,
            cast("RoleName", input.role.value),
            by=person.user.full_name,
        )
        return InviteUserSuccess(user=user_from(person.shown(user)), expires_at=expires_at)
