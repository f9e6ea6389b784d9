"""Clients: the companies whose data is kept apart."""

import re
from dataclasses import dataclass
from typing import Any

from documents.clients import Budget, Client
from documents.duplicates import DuplicateError, duplicates_reported
from documents.ids import PydanticObjectId
from documents.installation import platform_maintenance
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.field_checks import FieldChecks
from services.refusals import NameTakenError

MAX_QUOTA = 2**31 - 1
MAX_RETENTION_DAYS = 3650
MAX_BUDGET_MICROS = 10**15
_CURRENCY = re.compile("[A-Z]{3}")
MAX_SEARCH_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """What somebody wants a new client to be."""

    slug: str
    name: str
    domain: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    time_zone: str = "UTC"
    language: str = "en"
    monthly_quota: int | None = None
    hard_quota: int | None = None
    budget: Budget | None = None
    retention_days: int | None = None


class Clients:
    """Makes and finds clients."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, wanted: NewClient) -> Client:
        """Store a new client.

        Raises:
            InvalidFieldsError: with everything that is wrong.
            NameTakenError: another client has the slug.
        """
        client = _checked(wanted)

        async def store(session: WriteSession) -> None:
            client.platform_maintenance_text = await platform_maintenance(session)
            await TenantScope.one(client.client_id).of(Client).insert(client, session=session)
            await record(session, client_id=client.client_id, after=client)

        try:
            with duplicates_reported():
                await self._transactions.run_transaction(store)
        except DuplicateError as error:
            raise NameTakenError(
                ("input", "slug"), f"There is already a client {wanted.slug!r}."
            ) from error
        return client

    async def by_slug(self, scope: TenantScope, slug: str) -> Client | None:
        """The client, or None when it is unknown or outside of the scope."""
        return await scope.of(Client).find_one({"client_id": slug})


def client_filter(*, text: str | None = None, active: bool | None = None) -> dict[str, Any]:
    """The condition on clients: a text in name, slug or domain, and whether they are active.

    Raises:
        InvalidFieldsError: the text is too long to search for.
    """
    condition: dict[str, Any] = {}
    if active is not None:
        condition["active"] = active
    if text:
        checks = FieldChecks("filter")
        wanted = checks.text("text", text, longest=MAX_SEARCH_CHARACTERS, shortest=0)
        checks.done()
        pattern = {"$regex": re.escape(wanted), "$options": "i"}
        condition["$or"] = [{field: pattern} for field in ("name", "client_id", "domain")]
    return condition


async def client_slug_by_id(scope: TenantScope, document_id: PydanticObjectId) -> str | None:
    """The slug of a client, or None when it is unknown or outside of the scope."""
    client = await scope.of(Client).part(document_id, frozenset())
    return client.client_id if client else None


def _checked(wanted: NewClient) -> Client:
    checks = FieldChecks("input")
    client = Client(
        client_id=checks.slug("slug", wanted.slug),
        name=checks.line("name", wanted.name, longest=200),
        domain=checks.domain("domain", wanted.domain) if wanted.domain else None,
        contact_name=_optional(checks, "contactName", wanted.contact_name),
        contact_email=(
            checks.email("contactEmail", wanted.contact_email) if wanted.contact_email else None
        ),
        contact_phone=_optional(checks, "contactPhone", wanted.contact_phone),
        time_zone=checks.time_zone("timeZone", wanted.time_zone),
        language=wanted.language,
        monthly_quota=wanted.monthly_quota,
        hard_quota=wanted.hard_quota,
        budget=wanted.budget,
        retention_days=wanted.retention_days,
    )
    _check_limits(checks, wanted)
    checks.done()
    return client


def _check_limits(checks: FieldChecks, wanted: NewClient) -> None:
    if wanted.monthly_quota is not None:
        checks.number("monthlyQuota", wanted.monthly_quota, least=0, most=MAX_QUOTA)
    if wanted.hard_quota is not None:
        checks.number(
            "hardQuota", wanted.hard_quota, least=wanted.monthly_quota or 0, most=MAX_QUOTA
        )
    if wanted.retention_days is not None:
        checks.number("retentionDays", wanted.retention_days, least=1, most=MAX_RETENTION_DAYS)
    if wanted.budget is not None:
        check_budget(checks, wanted.budget)


def check_budget(checks: FieldChecks, budget: Budget) -> None:
    """Note what is wrong with a budget."""
    checks.number("budget", budget.micros, least=0, most=MAX_BUDGET_MICROS)
    if not _CURRENCY.fullmatch(budget.currency):
        checks.wrong("budget", "needs an ISO 4217 currency, such as EUR")


def _optional(checks: FieldChecks, field: str, value: str | None) -> str | None:
    return checks.line(field, value, longest=200) if value else None
