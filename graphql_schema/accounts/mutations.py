"""Signing in and out."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_schema.accounts.types import Viewer, user_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UserErrorCode,
    not_found,
    rate_limited,
    refused,
)
from graphql_schema.permissions import Anybody, Person, allowed_for
from graphql_schema.refusals import too_busy
from services.accounts.access_tokens import TokenInvalidError, TokenReusedError
from services.accounts.password_work import TooBusyError
from services.accounts.sign_in import Device, InvalidCredentialsError
from services.accounts.throttling import record_throttled_sign_in
from services.rate_limits.rate_limits import RateLimitedError as TooOftenError

MAX_USER_AGENT = 300


@strawberry.input(description="An account's address and password.")
class SignInInput:
    """Credentials."""

    email: str = strawberry.field(description="The account's e-mail address.")
    password: str = strawberry.field(description="12 to 72 bytes.")


@strawberry.type(description="A new session with its tokens.")
class SignInSuccess:
    """Tokens, given out this once."""

    access_token: str = strawberry.field(description="Good for an hour: `Authorization: Bearer`.")
    refresh_token: str = strawberry.field(
        description="Good once within 30 days: `refreshSession` gives the next."
    )
    expires_at: datetime = strawberry.field(description="When the access token ends.")
    viewer: Viewer = strawberry.field(description="Who signed in.")


SignInResult = Annotated[
    SignInSuccess | InvalidInputError | RefusedError | RateLimitedError,
    strawberry.union("SignInResult", description="INVALID_CREDENTIALS is a RefusedError."),
]


@strawberry.input(description="The refresh token of a session.")
class RefreshSessionInput:
    """A refresh token."""

    refresh_token: str = strawberry.field(description="Spent by this call.")


@strawberry.type(description="The session goes on with new tokens.")
class RefreshSessionSuccess:
    """Tokens, given out this once."""

    access_token: str = strawberry.field(description="Good for an hour.")
    refresh_token: str = strawberry.field(description="The next refresh token.")
    expires_at: datetime = strawberry.field(description="When the access token ends.")
    viewer: Viewer = strawberry.field(description="Whose session it is.")


RefreshSessionResult = Annotated[
    RefreshSessionSuccess | RefusedError | RateLimitedError,
    strawberry.union("RefreshSessionResult", description="INVALID_TOKEN is a RefusedError."),
]


@strawberry.input(description="Which sessions to end.")
class SignOutInput:
    """This session or all."""

    everywhere: bool = strawberry.field(
        description="Also the user's other sessions.", default=False
    )


@strawberry.type(description="Sessions were ended.")
class SignOutSuccess:
    """How many."""

    revoked_sessions: int = strawberry.field(description="How many sessions ended.")


SignOutResult = Annotated[
    SignOutSuccess | NotFoundError, strawberry.union("SignOutResult", description="Ended sessions.")
]


@strawberry.type
class AccountMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Opens a session. The Authorization header is ignored.",
        extensions=allowed_for(Anybody),
    )
    async def sign_in(self, info: ParlanceInfo, input: SignInInput) -> SignInResult:
        services = info.context.services
        try:
            services.sign_in.check_room()
            await services.rate_limits.sign_in(input.email)
            signed_in = await services.sign_in.with_password(
                input.email, input.password, device_of(info)
            )
        except TooOftenError as error:
            await _note_throttled(info, input.email, error.retry_at)
            message = "Too many sign-ins of this account have failed. Try again later."
            return rate_limited(message, error.retry_at)
        except TooBusyError as error:
            return too_busy(error)
        except InvalidCredentialsError:
            services.signals.note("failed_sign_in")
            return refused(
                UserErrorCode.INVALID_CREDENTIALS,
                "The e-mail address or the password is not right.",
                "input",
            )
        await services.rate_limits.signed_in(input.email)
        return SignInSuccess(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_at=signed_in.expires_at,
            viewer=Viewer(user=user_from(signed_in.user)),
        )

    @strawberry.mutation(
        description="Exchanges a refresh token for new tokens. The Authorization header is"
        " ignored. Using one of the last 50 refresh tokens again ends the session.",
        extensions=allowed_for(Anybody),
    )
    async def refresh_session(
        self, info: ParlanceInfo, input: RefreshSessionInput
    ) -> RefreshSessionResult:
        try:
            signed_in = await info.context.services.sign_in.refresh(input.refresh_token)
        except TokenInvalidError as error:
            if isinstance(error, TokenReusedError):
                info.context.services.signals.note("reused_token")
            return refused(
                UserErrorCode.INVALID_TOKEN,
                "The refresh token is spent or expired; sign in again.",
                "input",
                "refreshToken",
            )
        return RefreshSessionSuccess(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_at=signed_in.expires_at,
            viewer=Viewer(user=user_from(signed_in.user)),
        )

    @strawberry.mutation(
        description="Ends this session, or all of the user's.", extensions=audited_for(Person)
    )
    async def sign_out(self, info: ParlanceInfo, input: SignOutInput) -> SignOutResult:
        viewer = await info.context.person()
        sessions = info.context.services.sessions
        if input.everywhere:
            return SignOutSuccess(revoked_sessions=await sessions.end_all_of(viewer.user.id))
        if not await sessions.end(viewer.session_id, viewer.user.id):
            return not_found()
        return SignOutSuccess(revoked_sessions=1)


async def _note_throttled(info: ParlanceInfo, email: str, until: datetime) -> None:
    services = info.context.services
    if await services.rate_limits.first_refused_sign_in(email):
        address = info.context.caller.ip_address
        await record_throttled_sign_in(
            services.transactions, email, until=until, ip_address=address
        )


def device_of(info: ParlanceInfo) -> Device:
    """Where a sign-in comes from."""
    caller = info.context.caller
    agent = caller.user_agent[:MAX_USER_AGENT] if caller.user_agent else None
    return Device(agent, caller.ip_address)
