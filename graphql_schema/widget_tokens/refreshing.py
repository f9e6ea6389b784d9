"""Going on with a widget token."""

from datetime import datetime
from typing import Annotated

import strawberry

from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    RateLimitedError,
    RefusedError,
    UserErrorCode,
    rate_limited,
    refused,
)
from graphql_schema.permissions import Anybody, allowed_for
from services.accounts.access_tokens import TokenInvalidError
from services.rate_limits.rate_limits import RateLimitedError as TooOftenError
from services.visits.page_origins import OriginNotAllowedError


@strawberry.input(description="The widget token to go on with.")
class RefreshWidgetTokenInput:
    """A token that ends."""

    widget_token: str = strawberry.field(
        description="Live, or expired for at most 24 hours. It stays valid for 60 more seconds."
    )


@strawberry.type(description="The visitor goes on with a new token.")
class RefreshWidgetTokenSuccess:
    """The next token."""

    widget_token: str = strawberry.field(description="Good for seven days, given out this once.")
    expires_at: datetime = strawberry.field(description="When it ends.")


RefreshWidgetTokenResult = Annotated[
    RefreshWidgetTokenSuccess | RefusedError | RateLimitedError,
    strawberry.union(
        "RefreshWidgetTokenResult",
        description="INVALID_TOKEN and ORIGIN_NOT_ALLOWED are RefusedErrors.",
    ),
]


@strawberry.type
class RefreshMutations:
    """Mutations of this domain that a widget calls."""

    @strawberry.mutation(
        description="Exchanges a widget token for a new one. The page's Origin must be on the"
        " chatbot's list and the token's own. The Authorization header is ignored.",
        extensions=allowed_for(Anybody),
    )
    async def refresh_widget_token(
        self, info: ParlanceInfo, input: RefreshWidgetTokenInput
    ) -> RefreshWidgetTokenResult:
        services, caller = info.context.services, info.context.caller
        try:
            await services.rate_limits.refresh(caller.ip_address)
            issued = await services.refreshing.refresh(input.widget_token, caller.origin)
        except TooOftenError as error:
            message = "Too many tokens were refreshed from your address. Try again later."
            return rate_limited(message, error.retry_at)
        except TokenInvalidError:
            return refused(
                UserErrorCode.INVALID_TOKEN,
                "The widget token is not valid any more; start a new visit.",
                "input",
                "widgetToken",
            )
        except OriginNotAllowedError as error:
            return refused(
                UserErrorCode.ORIGIN_NOT_ALLOWED,
                f"Pages of {error.origin or 'an unknown origin'} may not use this token.",
            )
        return RefreshWidgetTokenSuccess(
            widget_token=issued.text, expires_at=issued.record.expires_at
        )
