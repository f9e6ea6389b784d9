"""Changing clients. What is left out stays as it is."""

from collections.abc import Callable, Mapping
from typing import Any

from documents.clients import Budget, Client
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.clients.clients import MAX_QUOTA, MAX_RETENTION_DAYS, check_budget
from services.field_checks import FieldChecks
from services.refusals import StaleRevisionError, UnknownTargetError

ClientChange = Mapping[str, Any]
"""New values by the field names of `Client`; None clears."""

PLATFORM_FIELDS = frozenset({"monthly_quota", "hard_quota", "budget", "active"})
"""What a client costs and whether it runs is for platform admins to say."""

MAX_CONVERSATIONS_KEPT = 1_000
MAX_HOOK_HOSTS = 50


class ClientChanges:
    """Changes clients."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def update(
        self,
        scope: TenantScope,
        document_id: PydanticObjectId,
        change: ClientChange,
        *,
        revision: int | None = None,
    ) -> Client:
        """The client after a change.

        Raises:
            UnknownTargetError: there is no such client in the scope.
            InvalidFieldsError: with everything that is wrong.
            StaleRevisionError: it was changed since `revision`.
        """

        async def write(session: WriteSession) -> Client:
            clients = scope.of(Client)
            before = await clients.get(document_id, session=session)
            if before is None:
                raise UnknownTargetError("input", "id")
            if revision is not None and revision != before.revision:
                raise StaleRevisionError(before, before.revision)
            cleaned = _checked(before, change)
            if not cleaned:
                await record(session, client_id=before.client_id, before=before, after=before)
                return before
            if before.active or cleaned.get("active"):
                # Or a deletion that was cut off would go on once the client is off again.
                cleaned["deleted_at"] = None
            after = await clients.update_one(
                {"_id": document_id}, {"$set": cleaned, "$inc": {"revision": 1}}, session=session
            )
            if after is None:
                raise UnknownTargetError("input", "id")
            await record(session, client_id=after.client_id, before=before, after=after)
            return after

        return await self._transactions.run_transaction(write)


def _checked(client: Client, change: ClientChange) -> dict[str, Any]:
    """The change as it is stored.

    Raises:
        InvalidFieldsError: with everything that is wrong.
    """
    checks = FieldChecks("input")
    cleaned = {
        field: value if value is None or field not in _CHECKS else _CHECKS[field](checks, value)
        for field, value in change.items()
    }
    result = client.model_copy(update=cleaned)
    if "hard_quota" in change or "monthly_quota" in change:
        _check_quotas(checks, result)
    checks.done()
    return {
        field: value.model_dump() if isinstance(value, Budget) else value
        for field, value in cleaned.items()
    }


def _check_quotas(checks: FieldChecks, client: Client) -> None:
    if client.monthly_quota is not None:
        checks.number("monthlyQuota", client.monthly_quota, least=0, most=MAX_QUOTA)
    if client.hard_quota is not None:
        checks.number(
            "hardQuota", client.hard_quota, least=client.monthly_quota or 0, most=MAX_QUOTA
        )


def _text(field: str) -> Callable[[FieldChecks, str], str]:
    return lambda checks, value: checks.line(field, value, longest=200)


def _number(field: str, most: int) -> Callable[[FieldChecks, int], int]:
    def check(checks: FieldChecks, value: int) -> int:
        checks.number(field, value, least=1, most=most)
        return value

    return check


def _hook_hosts(checks: FieldChecks, value: list[str]) -> list[str]:
    checks.at_most("hookHosts", value, MAX_HOOK_HOSTS)
    inside = checks.within("hookHosts")
    hosts = [inside.domain(str(index), one) for index, one in enumerate(value[:MAX_HOOK_HOSTS])]
    return list(dict.fromkeys(hosts))


def _budget(checks: FieldChecks, value: Budget) -> Budget:
    check_budget(checks, value)
    return value


_CHECKS: dict[str, Callable[[FieldChecks, Any], Any]] = {
    "name": _text("name"),
    "domain": lambda checks, value: checks.domain("domain", value),
    "contact_name": _text("contactName"),
    "contact_email": lambda checks, value: checks.email("contactEmail", value),
    "contact_phone": _text("contactPhone"),
    "time_zone": lambda checks, value: checks.time_zone("timeZone", value),
    "budget": _budget,
    "retention_days": _number("retentionDays", MAX_RETENTION_DAYS),
    "conversations_kept_per_visitor": _number(
        "conversationsKeptPerVisitor", MAX_CONVERSATIONS_KEPT
    ),
    "hook_hosts": _hook_hosts,
}
