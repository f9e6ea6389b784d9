"""How often visitors, addresses, chatbots and accounts may do what costs something."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from services.rate_limits.windows import Limit, Windows

A_MINUTE = timedelta(minutes=1)
SIGN_IN_WINDOW = timedelta(minutes=15)
AN_HOUR = timedelta(hours=1)
IPV6_SUBSCRIBER_BITS = 64
"""One customer gets a whole /64 at least: its addresses are one address here."""


class RateLimitedError(RuntimeError):
    """Too often.

    Attributes:
        retry_at: when it may work again.
    """

    def __init__(self, limit: Limit, retry_at: datetime) -> None:
        super().__init__(f"{limit.name}: {limit.most} in {limit.per}")
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The limits.

    Questions, visits, refreshes, tests of models, checks of hooks and pushes of knowledge a minute;
    sign-ins and resets in 15 minutes; exports, invitations, reports and syncs of knowledge an hour.
    """

    questions_per_visitor: int = 20
    questions_per_address: int = 60
    questions_per_chatbot: int = 600
    visits_per_address: int = 10
    refreshes_per_address: int = 30
    sign_ins_per_account: int = 5
    exports_per_visitor: int = 5
    resets_per_account: int = 3
    resets_per_address: int = 20
    invitations_per_client: int = 100
    model_tests_per_person: int = 10
    hook_checks_per_person: int = 30
    reports_per_client: int = 60
    integration_tests_per_person: int = 20
    redeliveries_per_client: int = 300
    syncs_per_source: int = 20
    pushes_per_source: int = 60


class RateLimits:
    """Counts, and stops what comes too often."""

    def __init__(
        self,
        rates: Rates,
        windows: Windows,
        shared: Windows,
        note_throttled: Callable[[], None] = lambda: None,
    ) -> None:
        """Limits that hold within windows.

        Args:
            rates: How often is too often.
            windows: Quick; they count questions.
            shared: They hold for all processes together.
            note_throttled: Hears of each attempt with a secret that is refused.
        """
        self._windows = windows
        self._shared = shared
        self._note_throttled = note_throttled
        self._visitor = Limit("questions/visitor", rates.questions_per_visitor, A_MINUTE)
        self._address = Limit("questions/address", rates.questions_per_address, A_MINUTE)
        self._chatbot = Limit("questions/chatbot", rates.questions_per_chatbot, A_MINUTE)
        self._visits = Limit("visits/address", rates.visits_per_address, A_MINUTE)
        self._refreshes = Limit("refreshes/address", rates.refreshes_per_address, A_MINUTE)
        self._sign_ins = Limit("sign-ins", rates.sign_ins_per_account, SIGN_IN_WINDOW)
        self._exports = Limit("exports/visitor", rates.exports_per_visitor, AN_HOUR)
        self._password_changes = Limit(
            "password-changes", rates.sign_ins_per_account, SIGN_IN_WINDOW
        )
        self._resets = Limit("resets", rates.resets_per_account, SIGN_IN_WINDOW)
        self._resets_from = Limit("resets/address", rates.resets_per_address, SIGN_IN_WINDOW)
        self._codes = Limit("codes/address", rates.resets_per_address, SIGN_IN_WINDOW)
        self._invitations = Limit("invitations", rates.invitations_per_client, AN_HOUR)
        self._invited = Limit("invited", rates.resets_per_account, SIGN_IN_WINDOW)
        self._model_tests = Limit("model tests", rates.model_tests_per_person, A_MINUTE)
        self._hook_checks = Limit("hook checks", rates.hook_checks_per_person, A_MINUTE)
        self._integration_tests = Limit(
            "integration tests", rates.integration_tests_per_person, A_MINUTE
        )
        self._redeliveries = Limit("redeliveries", rates.redeliveries_per_client, A_MINUTE)
        self._reports = Limit("reports/client", rates.reports_per_client, AN_HOUR)
        self._syncs = Limit("knowledge syncs", rates.syncs_per_source, AN_HOUR)
        self._pushes = Limit("knowledge pushes", rates.pushes_per_source, A_MINUTE)
        self._told_sign_ins = Limit("sign-ins/told", 1, SIGN_IN_WINDOW)

    async def question(self, *, visitor: str, chatbot: str | None, address: str | None) -> None:
        """Count a question.

        Args:
            visitor: Whose question it is.
            chatbot: Whom it is put to; None for a preview, which takes no visitor's place.
            address: From where; None for a server of the client that asks for its visitors.

        Raises:
            RateLimitedError: one of the three has asked too often.
        """
        await _hit(self._windows, self._visitor, visitor)
        if address is not None:
            await _hit(self._windows, self._address, address_key(address))
        if chatbot is not None:
            await _hit(self._windows, self._chatbot, chatbot)

    async def visit(self, address: str | None) -> None:
        """Count the start of a visit.

        Raises:
            RateLimitedError: too many visits were started from there.
        """
        await _hit(self._shared, self._visits, address_key(address or ""))

    async def refresh(self, address: str | None) -> None:
        """Count an attempt to go on with a widget token.

        Raises:
            RateLimitedError: too many came from there.
        """
        await self._try(self._refreshes, address_key(address or ""))

    async def export(self, visitor: str) -> None:
        """Count an export of a visitor's data, whoever wants it.

        Raises:
            RateLimitedError: there were too many.
        """
        await _hit(self._shared, self._exports, visitor)

    async def sign_in(self, email: str) -> None:
        """Count an attempt to sign in; before the password is looked at, so that no race helps.

        Raises:
            RateLimitedError: too many attempts failed, whether there is such an account or not.
        """
        await self._try(self._sign_ins, _account_key(email))

    async def first_refused_sign_in(self, email: str) -> bool:
        """Whether this refusal is the first of an account for a while, to be told of once."""
        return await self._shared.hit(self._told_sign_ins, _account_key(email)) is None

    async def signed_in(self, email: str) -> None:
        """Take the attempts back: the account's own password was right."""
        await self._shared.forget(self._sign_ins, _account_key(email))

    async def password_change(self, user_id: str) -> None:
        """Count an attempt to say one's current password, as `sign_in` does.

        Raises:
            RateLimitedError: too many attempts failed.
        """
        await self._try(self._password_changes, user_id)

    async def password_changed(self, user_id: str) -> None:
        """Take the attempts back: the current password was right."""
        await self._shared.forget(self._password_changes, user_id)

    async def password_reset(self, *, email: str, address: str | None) -> None:
        """Count somebody's wish for a new password.

        Raises:
            RateLimitedError: there were too many for the account, known or not, or from there.
        """
        await self._try(self._resets_from, address_key(address or ""))
        await self._try(self._resets, _account_key(email))

    async def code(self, address: str | None) -> None:
        """Count an attempt to use a one-time code.

        Raises:
            RateLimitedError: too many came from there.
        """
        await self._try(self._codes, address_key(address or ""))

    async def invitation(self, *, client: str, receiver: str) -> None:
        """Count an invitation.

        Raises:
            RateLimitedError: the client invites too many, or this mailbox gets too many.
        """
        await _hit(self._shared, self._invitations, client)
        await _hit(self._shared, self._invited, _account_key(receiver))

    async def report(self, client: str) -> None:
        """Count a report that somebody asks for.

        Raises:
            RateLimitedError: too many were asked for about the client.
        """
        await _hit(self._shared, self._reports, client)

    async def model_test(self, person: str) -> None:
        """Count a test call of a language model.

        Raises:
            RateLimitedError: this person made too many.
        """
        await _hit(self._windows, self._model_tests, person)

    async def integration_test(self, person: str) -> None:
        """Count a trial of an integration.

        Raises:
            RateLimitedError: this person has tried too often.
        """
        await _hit(self._shared, self._integration_tests, person)

    async def redelivery(self, client: str) -> None:
        """Count a wish to deliver something again.

        Raises:
            RateLimitedError: too often for this client.
        """
        await _hit(self._shared, self._redeliveries, client)

    async def hook_check(self, person: str) -> None:
        """Count a check or a dry run of a hook's code.

        Raises:
            RateLimitedError: this person made too many.
        """
        await _hit(self._windows, self._hook_checks, person)

    async def sync(self, source: str) -> None:
        """Count somebody's wish to have a knowledge source read anew.

        Raises:
            RateLimitedError: there were too many for this source.
        """
        await _hit(self._shared, self._syncs, source)

    async def push(self, source: str) -> None:
        """Count a push of documents to a knowledge source.

        Raises:
            RateLimitedError: there were too many for this source.
        """
        await _hit(self._shared, self._pushes, source)

    async def _try(self, limit: Limit, key: str) -> None:
        """Count an attempt with a password, a code or a token."""
        try:
            await _hit(self._shared, limit, key)
        except RateLimitedError:
            self._note_throttled()
            raise


async def _hit(windows: Windows, limit: Limit, key: str) -> None:
    retry_at = await windows.hit(limit, key)
    if retry_at is not None:
        raise RateLimitedError(limit, retry_at)


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, or the network of an IPv6 subscriber."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, IPV6_SUBSCRIBER_BITS), strict=False))
    return str(parsed)


def _account_key(email: str) -> str:
    """An address of any length as a key of one length."""
    cleaned = email.strip().lower().encode(errors="surrogatepass")
    return hashlib.sha256(cleaned).hexdigest()
