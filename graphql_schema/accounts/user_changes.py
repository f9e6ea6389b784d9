"""Changing people's accounts, ending their access, and one's own password."""

from typing import Annotated, Any

import strawberry

from graphql_schema.accounts.targets import seen_user
from graphql_schema.accounts.types import User, user_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    AlreadyExistsError,
    AuthorizationError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    not_found,
)
from graphql_schema.node import local_id
from graphql_schema.permissions import Person, PlatformAdmin
from services.accounts.user_changes import ADMINS_FIELDS


@strawberry.input(description="A change of an account. What is left out or null stays.")
class UpdateUserInput:
    """A change."""

    id: strawberry.ID = strawberry.field(description="Whose account.")
    revision: int | None = strawberry.field(
        description="The revision that the change was made from.", default=None
    )
    full_name: str | None = strawberry.field(description="1 to 200 characters.", default=None)
    email: str | None = strawberry.field(
        description="The address to sign in with. Platform admins only.", default=None
    )
    is_admin: bool | None = strawberry.field(
        description="Whether they run this installation. Platform admins only.", default=None
    )
    active: bool | None = strawberry.field(
        description="True lets somebody who was deactivated sign in again; false is for"
        " deactivateUser. Platform admins only.",
        default=None,
    )


@strawberry.type(description="The account was changed.")
class UpdateUserSuccess:
    """A changed account."""

    user: User = strawberry.field(description="The person after that.")


UpdateUserResult = Annotated[
    UpdateUserSuccess | InvalidInputError | NotFoundError | AlreadyExistsError | ConflictError,
    strawberry.union("UpdateUserResult", description="The person, or why nothing was changed."),
]


@strawberry.input(description="Whose access to end.")
class DeactivateUserInput:
    """A person."""

    id: strawberry.ID = strawberry.field(description="Whose.")


@strawberry.type(description="The person's access has ended.")
class DeactivateUserSuccess:
    """A deactivated account."""

    user: User = strawberry.field(description="The person after that.")


DeactivateUserResult = Annotated[
    DeactivateUserSuccess | NotFoundError | RefusedError,
    strawberry.union(
        "DeactivateUserResult",
        description="The person. RefusedError CONFLICT: the last platform admin stays, and the last"
        " owner of a client.",
    ),
]


@strawberry.input(description="One's own password, and the one to take its place.")
class ChangePasswordInput:
    """Two passwords."""

    current_password: str = strawberry.field(description="The one to sign in with so far.")
    new_password: str = strawberry.field(
        description="12 to 72 bytes, another one, and not easy to guess."
    )


@strawberry.type(description="The password was changed.")
class ChangePasswordSuccess:
    """A new password."""

    revoked_sessions: int = strawberry.field(
        description="How many other sessions ended; this one goes on."
    )


ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidInputError | RefusedError | RateLimitedError,
    strawberry.union(
        "ChangePasswordResult",
        description="INVALID_CREDENTIALS, for a wrong current password, is a RefusedError.",
    ),
]


@strawberry.type
class UserChangeMutations:
    """Mutations of accounts that exist."""

    @strawberry.mutation(
        description="Changes an account. People, their own name; platform admins, everything.",
        extensions=audited_for(Person),
    )
    async def update_user(self, info: ParlanceInfo, input: UpdateUserInput) -> UpdateUserResult:
        user = await seen_user(info.context, input.id)
        if user is None:
            return not_found("input", "id")
        person, change = await info.context.person(), _change_from(input)
        is_free = user.id == person.user.id and not change.keys() & ADMINS_FIELDS
        if not (is_free or person.is_admin):
            raise AuthorizationError("FORBIDDEN")
        changed = await info.context.services.user_changes.update(
            user.id, change, revision=input.revision
        )
        return UpdateUserSuccess(user=user_from(changed))

    @strawberry.mutation(
        description="Ends somebody's access: sessions and streams end at once, and nobody signs in"
        " to the account any more. What they made stays. Platform admins only.",
        extensions=audited_for(PlatformAdmin),
    )
    async def deactivate_user(
        self, info: ParlanceInfo, input: DeactivateUserInput
    ) -> DeactivateUserResult:
        user_id = local_id(input.id, "User")
        if user_id is None:
            return not_found("input", "id")
        return DeactivateUserSuccess(
            user=user_from(await info.context.services.user_changes.deactivate(user_id))
        )

    @strawberry.mutation(
        description="Changes one's own password and ends one's other sessions.",
        extensions=audited_for(Person),
    )
    async def change_password(
        self, info: ParlanceInfo, input: ChangePasswordInput
    ) -> ChangePasswordResult:
        person, services = await info.context.person(), info.context.services
        await services.rate_limits.password_change(str(person.user.id))
        ended = await services.own_password.change(
            person.user,
            current=input.current_password,
            new=input.new_password,
            session_id=person.session_id,
        )
        await services.rate_limits.password_changed(str(person.user.id))
        return ChangePasswordSuccess(revoked_sessions=ended)


def _change_from(given: UpdateUserInput) -> dict[str, Any]:
    wanted = {
        "full_name": given.full_name,
        "email": given.email,
        "is_admin": given.is_admin,
        "active": given.active,
    }
    return {field: value for field, value in wanted.items() if value is not None}
