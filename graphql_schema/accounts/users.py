"""Making people's accounts."""

from typing import Annotated

import strawberry

from graphql_schema.accounts.types import User, user_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import AlreadyExistsError, InvalidInputError
from graphql_schema.permissions import PlatformAdmin
from services.accounts.users import NewUser


@strawberry.input(description="A new account.")
class CreateUserInput:
    """An account to be."""

    email: str = strawberry.field(description="The address to sign in with.")
    full_name: str = strawberry.field(description="1 to 200 characters.")
    password: str = strawberry.field(
        description="12 to 72 bytes, and not easy to guess. The person should change it."
    )
    is_admin: bool = strawberry.field(
        description="Whether they run this installation.", default=False
    )


@strawberry.type(description="The account was made.")
class CreateUserSuccess:
    """A new account."""

    user: User = strawberry.field(description="The person; a member of no client yet.")


CreateUserResult = Annotated[
    CreateUserSuccess | InvalidInputError | AlreadyExistsError,
    strawberry.union("CreateUserResult", description="An account, or why there is none."),
]


@strawberry.type
class UserMutations:
    """Mutations of accounts."""

    @strawberry.mutation(
        description="Makes an account with a password. Platform admins only; owners invite people"
        " with inviteUser.",
        extensions=audited_for(PlatformAdmin),
    )
    async def create_user(self, info: ParlanceInfo, input: CreateUserInput) -> CreateUserResult:
        made = await info.context.services.users.create(
            NewUser(input.email, input.full_name, input.password, is_admin=input.is_admin)
        )
        return CreateUserSuccess(user=user_from(made))
