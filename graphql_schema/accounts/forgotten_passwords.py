"""Asking for a new password by mail, and choosing one with the code in a mail."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_schema.accounts.mutations import device_of
from graphql_schema.accounts.types import Viewer, user_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import InvalidInputError, RateLimitedError, RefusedError
from graphql_schema.permissions import Anybody


@strawberry.input(description="Whose password was forgotten.")
class RequestPasswordResetInput:
    """An address."""

    email: str = strawberry.field(description="The account's e-mail address.")


@strawberry.type(description="If there is such an account, a mail is on its way.")
class RequestPasswordResetSuccess:
    """The same for every address."""

    accepted: bool = strawberry.field(description="True, whether there is such an account or not.")


RequestPasswordResetResult = Annotated[
    RequestPasswordResetSuccess | RateLimitedError,
    strawberry.union(
        "RequestPasswordResetResult", description="Says nothing about whether the account exists."
    ),
]


@strawberry.input(description="A code from a mail, and the password to be.")
class ResetPasswordInput:
    """A choice of a password."""

    reset_code: str = strawberry.field(
        description="From the link in the mail: of a reset, or of an invitation."
    )
    new_password: str = strawberry.field(description="12 to 72 bytes, and not easy to guess.")
    full_name: str | None = strawberry.field(
        description="How the person is called, 1 to 200 characters; left out or null: as before.",
        default=None,
    )


@strawberry.type(description="The password was chosen; here is a session with it.")
class ResetPasswordSuccess:
    """Tokens, given out this once."""

    access_token: str = strawberry.field(description="Good for an hour: `Authorization: Bearer`.")
    refresh_token: str = strawberry.field(
        description="Good once within 30 days: `refreshSession` gives the next."
    )
    expires_at: datetime = strawberry.field(description="When the access token ends.")
    viewer: Viewer = strawberry.field(description="Whose account it is.")


ResetPasswordResult = Annotated[
    ResetPasswordSuccess | InvalidInputError | RefusedError | RateLimitedError,
    strawberry.union(
        "ResetPasswordResult",
        description="INVALID_TOKEN, for a code that is of no use any more, is a RefusedError.",
    ),
]


@strawberry.type
class ForgottenPasswordMutations:
    """Mutations for people who cannot sign in."""

    @strawberry.mutation(
        description="Sends a link to choose a new password, if there is an account with this"
        " address. It works once, within 15 minutes. The Authorization header is ignored.",
        extensions=audited_for(Anybody),
    )
    async def request_password_reset(
        self, info: ParlanceInfo, input: RequestPasswordResetInput
    ) -> RequestPasswordResetResult:
        services, address = info.context.services, info.context.caller.ip_address
        await services.rate_limits.password_reset(email=input.email, address=address)
        await services.forgotten_passwords.request(input.email)
        return RequestPasswordResetSuccess(accepted=True)

    @strawberry.mutation(
        description="Chooses a password with the code of a mail, ends the account's sessions and"
        " opens one. Also accepts an invitation. A code works once; a password that is refused does"
        " not use it up. The Authorization header is ignored.",
        extensions=audited_for(Anybody),
    )
    async def reset_password(
        self, info: ParlanceInfo, input: ResetPasswordInput
    ) -> ResetPasswordResult:
        services = info.context.services
        await services.rate_limits.code(info.context.caller.ip_address)
        signed_in = await services.forgotten_passwords.choose(
            input.reset_code, input.new_password, input.full_name, device_of(info)
        )
        await services.rate_limits.signed_in(signed_in.user.email)
        return ResetPasswordSuccess(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_at=signed_in.expires_at,
            viewer=Viewer(user=user_from(signed_in.user)),
        )
