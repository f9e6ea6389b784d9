"""Making, changing and deleting integrations. What they keep secret is written and never read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database_clock import database_now
from documents.deliveries import Delivery, end_open_deliveries
from documents.erasure import erase_batch
from documents.ids import PydanticObjectId
from documents.integrations import Integration, NoticeKey, QuietTime
from documents.outbox_entries import OPERATOR_KINDS, OUTBOX_KINDS, OutboxKind
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.integrations.schedule import clock_time
from services.integrations.signing import new_webhook_secret
from services.integrations.targets import Target, Targets, TargetSeals
from services.refusals import (
    LimitReachedError,
    RefusedError,
    StaleRevisionError,
    UnknownTargetError,
)
from services.sealing.sealing import UnsealError

MOST_INTEGRATIONS = 50
"""Of a client."""

MAX_NAME = 100
MAX_CHATBOTS = 100
LONGEST_DIGEST_MINUTES = 24 * 60
OVERLAP = timedelta(hours=24)
"""How long the old key signs beside the new one."""


class OperatorsOnlyError(PermissionError):
    """Who hears of the whole platform is for whoever runs it to say."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a new integration."""

    name: str
    target: Target
    events: Sequence[OutboxKind]
    chatbot_ids: Sequence[PydanticObjectId] = ()
    quiet_time: QuietTime | None = None
    digest_minutes: int | None = None


class Integrations:
    """The integrations of clients.

    Those that are told of the whole platform are made and changed by its operators alone
    (`by_operator`), also where others may change the client's other ones: what they are told is
    not theirs to turn elsewhere or to silence.
    """

    def __init__(self, transactions: Transactions, targets: Targets, seals: TargetSeals) -> None:
        self._transactions = transactions
        self._targets = targets
        self._seals = seals

    async def create(
        self, client: Client, wish: Wish, *, by_operator: bool = False
    ) -> tuple[Integration, str | None]:
        """The new integration, and the key that signs its webhooks, which is told only now.

        Raises:
            InvalidFieldsError: with everything that is wrong.
            RefusedError: the address may not be called, or its service does not answer.
            LimitReachedError: the client has as many as it may.
            UnknownTargetError: one of the chatbots is none of the client's.
            OperatorsOnlyError: it is to be told of the whole platform.
        """
        demand_operator(wish.events, by_operator=by_operator)
        checks = FieldChecks("input")
        values = checked_values(
            {
                "name": wish.name,
                "events": list(wish.events),
                "chatbot_ids": list(wish.chatbot_ids),
                "quiet_time": wish.quiet_time,
                "digest_minutes": wish.digest_minutes,
            },
            checks,
        )
        checks.done()
        found = await self._targets.checked(wish.target)
        made = Integration(
            client_id=client.client_id,
            kind=wish.target.kind,
            target_label=found.label,
            sealed_target="",
            **values,
        )
        made.sealed_target = self._seals.sealed(made.id, found.target)
        secret = new_webhook_secret() if made.kind == "webhook" else None
        if secret is not None:
            made.signing_keys = [NoticeKey(sealed_secret=self._seals.sealed_key(made.id, secret))]
        await self._transactions.run_transaction(lambda session: insert_integration(made, session))
        return made, secret

    async def update(
        self,
        integration: Integration,
        change: Mapping[str, Any],
        target: Target | None,
        revision: int | None,
        *,
        by_operator: bool = False,
    ) -> Integration:
        """The integration after a change by field names.

        Raises:
            InvalidFieldsError: with everything that is wrong.
            RefusedError: the address may not be called, or is one of another kind.
            StaleRevisionError: it was changed since `revision`.
            UnknownTargetError: it is gone, or one of the chatbots is.
            OperatorsOnlyError: it is told of the whole platform, or is to be.
        """
        told = (*integration.events, *change.get("events", ()))
        demand_operator(told, by_operator=by_operator)
        checks = FieldChecks("input")
        values = checked_values(change, checks)
        checks.done()
        if values.get("active") and target is None and not self._has_address(integration):
            message = "It has no address yet: give `target` as well."
            raise RefusedError("CONFLICT", message, "input", "active")
        if target is not None:
            if target.kind != integration.kind:
                raise RefusedError(
                    "CONFLICT", "The kind stays: make another integration.", "input", "target"
                )
            found = await self._targets.checked(target)
            values["target_label"] = found.label
            values["sealed_target"] = self._seals.sealed(integration.id, found.target)
        if values.get("active") or target is not None:
            values |= {"paused_reason": None, "failing_since": None}

        async def write(session: WriteSession) -> Integration:
            return await _changed(integration, values, revision, session, by_operator=by_operator)

        after = await self._transactions.run_transaction(write)
        if not after.active:
            await end_open_deliveries(after.client_id, after.id)
        return after

    def _has_address(self, integration: Integration) -> bool:
        """Whether it was made whole, and not of a document that leaves addresses out."""
        try:
            return bool(self._seals.opened(integration))
        except UnsealError:
            return True  # which an attempt tells

    async def delete(self, integration: Integration, *, by_operator: bool = False) -> None:
        """Delete an integration with what was and was to be delivered.

        Raises:
            UnknownTargetError: it is gone.
            OperatorsOnlyError: it is told of the whole platform.
        """

        async def write(session: WriteSession) -> None:
            scope = TenantScope.one(integration.client_id)
            gone = await scope.of(Integration).delete_one({"_id": integration.id}, session=session)
            if gone is None:
                raise UnknownTargetError("input", "id")
            demand_operator(gone.events, by_operator=by_operator)
            await record(session, client_id=gone.client_id, before=gone)

        await self._transactions.run_transaction(write)
        scope, its_own = TenantScope.one(integration.client_id), {"integration_id": integration.id}
        while await erase_batch(scope, Delivery, its_own):
            pass

    async def rotate_secret(
        self, integration: Integration, *, by_operator: bool = False
    ) -> tuple[Integration, str]:
        """A new key; the one before signs beside it for a day.

        Raises:
            UnknownTargetError: it is gone.
            RefusedError: it signs nothing.
            OperatorsOnlyError: it is told of the whole platform.
        """
        if integration.kind != "webhook":
            raise RefusedError("CONFLICT", "Only webhooks are signed.", "input", "id")
        secret = new_webhook_secret()
        new = NoticeKey(sealed_secret=self._seals.sealed_key(integration.id, secret))

        async def write(session: WriteSession) -> Integration:
            integrations = TenantScope.one(integration.client_id).of(Integration)
            before = await integrations.get(integration.id, session=session)
            if before is None:
                raise UnknownTargetError("input", "id")
            demand_operator(before.events, by_operator=by_operator)
            kept = before.signing_keys[:1]
            ending = [one.model_copy(update={"ends_at": utc_now() + OVERLAP}) for one in kept]
            keys = [one.model_dump() for one in (new, *ending)]
            after = await integrations.update_one(
                {"_id": integration.id}, {"$set": {"signing_keys": keys}}, session=session
            )
            if after is None:
                raise UnknownTargetError("input", "id")
            noted = {"signingSecret": "rotated"}
            await record_about(
                session, Integration, after.id, client_id=after.client_id, noted=noted
            )
            return after

        return await self._transactions.run_transaction(write), secret


def live_keys(integration: Integration) -> list[NoticeKey]:
    """The keys that sign now, the newest first."""
    now = utc_now()
    return [one for one in integration.signing_keys if one.ends_at is None or one.ends_at > now]


async def insert_integration(made: Integration, session: WriteSession) -> None:
    """Add an integration to a client's.

    Raises:
        UnknownTargetError: the client is gone, or one of the chatbots is none of its.
        LimitReachedError: the client has as many as it may.
    """
    scope = TenantScope.one(made.client_id)
    # Changing the client makes two who add the last one wait for each other.
    if await scope.of(Client).update_one({}, {}, session=session) is None:
        raise UnknownTargetError("input", "clientId")
    await _demand_chatbots(scope, made.chatbot_ids, session)
    integrations = scope.of(Integration)
    if await integrations.count({}, limit=MOST_INTEGRATIONS, session=session) >= MOST_INTEGRATIONS:
        message = f"A client has at most {MOST_INTEGRATIONS} integrations: delete one first."
        raise LimitReachedError(MOST_INTEGRATIONS, message, "input", "clientId")
    made.created_at = await database_now()
    await integrations.insert(made, session=session)
    await record(session, client_id=made.client_id, after=made)


async def _changed(
    integration: Integration,
    values: Mapping[str, Any],
    revision: int | None,
    session: WriteSession,
    *,
    by_operator: bool,
) -> Integration:
    scope = TenantScope.one(integration.client_id)
    integrations = scope.of(Integration)
    before = await integrations.get(integration.id, session=session)
    if before is None:
        raise UnknownTargetError("input", "id")
    if revision is not None and revision != before.revision:
        raise StaleRevisionError(before, before.revision)
    demand_operator(before.events, by_operator=by_operator)
    await _demand_chatbots(scope, values.get("chatbot_ids", []), session)
    stored = {
        name: value.model_dump() if isinstance(value, QuietTime) else value
        for name, value in values.items()
    }
    if not stored:
        return before
    update = {"$set": stored, "$inc": {"revision": 1}}
    after = await integrations.update_one({"_id": before.id}, update, session=session)
    if after is None:
        raise UnknownTargetError("input", "id")
    await record(session, client_id=after.client_id, before=before, after=after)
    return after


async def _demand_chatbots(
    scope: TenantScope, wanted: Sequence[PydanticObjectId], session: WriteSession
) -> None:
    ids = set(wanted)
    if not ids:
        return
    chatbots = scope.of(Chatbot)
    found = await chatbots.count({"_id": {"$in": list(ids)}}, limit=len(ids), session=session)
    if found != len(ids):
        raise UnknownTargetError("input", "chatbotIds")


def demand_operator(told: Sequence[OutboxKind], *, by_operator: bool) -> None:
    """Keep what is told of the whole platform for whoever runs it.

    Raises:
        OperatorsOnlyError: somebody else asks.
    """
    if not by_operator and not OPERATOR_KINDS.isdisjoint(told):
        raise OperatorsOnlyError


def checked_values(values: Mapping[str, Any], checks: FieldChecks) -> dict[str, Any]:
    """The values as they are stored; what is wrong about them is noted."""
    checked = dict(values)
    if "name" in values:
        checked["name"] = checks.line("name", values["name"], longest=MAX_NAME)
    if "events" in values:
        checks.at_most("events", values["events"], len(OUTBOX_KINDS))
        checked["events"] = list(dict.fromkeys(values["events"]))
        if not values["events"]:
            checks.wrong("events", "Name at least one event.")
    if "chatbot_ids" in values:
        checks.at_most("chatbotIds", values["chatbot_ids"], MAX_CHATBOTS)
    if values.get("quiet_time") is not None:
        _check_quiet_time(checks.within("quietHours"), values["quiet_time"])
    if values.get("digest_minutes") is not None:
        most = LONGEST_DIGEST_MINUTES
        checks.number("digestMinutes", values["digest_minutes"], least=1, most=most)
    return checked


def _check_quiet_time(checks: FieldChecks, quiet: QuietTime) -> None:
    for name, value in (("from", quiet.since), ("until", quiet.until)):
        if clock_time(value) is None:
            checks.wrong(name, "is not a time of the day, such as 22:00")
    if quiet.since == quiet.until:
        checks.wrong("until", "must be another time than `from`")
