"""Who works for a client: changing roles and ending memberships."""

from typing import Annotated, cast

import strawberry

from documents.clients import Client as ClientDocument
from documents.users import RoleName
from graphql_schema.accounts.targets import seen_user
from graphql_schema.accounts.types import Role, User, user_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundError, RefusedError, not_found
from graphql_schema.permissions import Person
from graphql_schema.targets import changeable
from services.accounts.memberships import role_of


@strawberry.input(description="What a person may do for a client from now on.")
class UpdateMembershipInput:
    """A membership."""

    user_id: strawberry.ID = strawberry.field(description="Whose.")
    client_id: strawberry.ID = strawberry.field(description="For which client.")
    role: Role | None = strawberry.field(
        description="The new role; null ends the membership.", default=strawberry.UNSET
    )


@strawberry.type(description="The membership was changed.")
class UpdateMembershipSuccess:
    """A changed membership."""

    user: User = strawberry.field(description="The person after that.")


UpdateMembershipResult = Annotated[
    UpdateMembershipSuccess | NotFoundError | RefusedError,
    strawberry.union(
        "UpdateMembershipResult",
        description="The person. RefusedError CONFLICT: a client's last owner stays.",
    ),
]


@strawberry.type
class MembershipMutations:
    """Mutations of memberships."""

    @strawberry.mutation(
        description="Gives a person a role for a client, or ends the membership. Owners, for people"
        " they work with; platform admins, for everybody.",
        extensions=audited_for(Person),
    )
    async def update_membership(
        self, info: ParlanceInfo, input: UpdateMembershipInput
    ) -> UpdateMembershipResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "owner")
        if client is None:
            return not_found("input", "clientId")
        user = await seen_user(info.context, input.user_id)
        if user is None:
            return not_found("input", "userId")
        person = await info.context.person()
        if input.role is strawberry.UNSET:
            role = role_of(user, client.client_id)
        else:
            role = cast("RoleName", input.role.value) if input.role else None
        changed = await info.context.services.memberships.update(user.id, client.client_id, role)
        return UpdateMembershipSuccess(user=user_from(person.shown(changed)))
