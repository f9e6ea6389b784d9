"""Integrations taken out as a document, and made of one.

What comes without its address is made all the same and switched off, with a word about it, so that
people fill in the secrets and nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.integrations import Integration, IntegrationKindName, NoticeKey, QuietTime
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.field_checks import FieldChecks
from services.integrations.integrations import (
    MOST_INTEGRATIONS,
    checked_values,
    demand_operator,
    insert_integration,
)
from services.integrations.portable import (
    PortableIntegration,
    PortableQuietHours,
    event_name,
    event_named,
    read,
    written,
)
from services.integrations.signing import new_webhook_secret
from services.integrations.targets import Target, TargetSeals, checked_mailboxes
from services.portable_documents import PATH
from services.refusals import LimitReachedError

NO_ADDRESS = "It came without its address: give `target` and `active` with updateIntegration."
NO_LABEL = "(no address yet)"
MOST_NAMED = 1_000
"""Chatbots of a client that are looked at for the names in a document."""


class IntegrationCopies:
    """Takes integrations out and brings them in."""

    def __init__(self, transactions: Transactions, seals: TargetSeals) -> None:
        self._transactions = transactions
        self._seals = seals

    async def exported(self, scope: TenantScope) -> str:
        """The integrations of one client as a document."""
        found = await scope.of(Integration).find({}, limit=MOST_INTEGRATIONS, sort=[("_id", 1)])
        names = await _names(scope, [chatbot for one in found for chatbot in one.chatbot_ids])
        return written([self._portable(one, names) for one in found])

    async def import_document(
        self, client: Client, document: str, *, by_operator: bool = False
    ) -> list[Integration]:
        """Make integrations of a document that `exported` has written: all of them or none.

        Raises:
            InvalidFieldsError: with everything that is wrong, each with its path in the document.
            LimitReachedError: the client would have more than it may.
            UnknownTargetError: the client is gone.
            OperatorsOnlyError: one of them is to be told of the whole platform.
        """
        given = read(document)
        if len(given) > MOST_INTEGRATIONS:
            message = f"A client has at most {MOST_INTEGRATIONS} integrations."
            raise LimitReachedError(MOST_INTEGRATIONS, message, *PATH, "integrations")
        for one in given:
            demand_operator([event_named(name) for name in one.events], by_operator=by_operator)

        async def write(session: WriteSession) -> list[Integration]:
            checks = FieldChecks(*PATH)
            ids = await _ids(client, {name for one in given for name in one.chatbots}, session)
            made = [
                self._made(client, one, ids, checks.within("integrations", str(place)))
                for place, one in enumerate(given)
            ]
            checks.done()
            for one in made:
                await insert_integration(one, session)
            return made

        return await self._transactions.run_transaction(write)

    @staticmethod
    def _portable(one: Integration, names: Mapping[PydanticObjectId, str]) -> PortableIntegration:
        quiet = one.quiet_time
        addresses = one.target_label.split(", ") if one.kind == "email" else []
        return PortableIntegration(
            kind=one.kind.upper(),
            name=one.name,
            target=one.target_label,
            emails=addresses,
            events=[event_name(kind) for kind in one.events],
            chatbots=[names[chatbot] for chatbot in one.chatbot_ids if chatbot in names],
            quiet_hours=PortableQuietHours(**quiet.model_dump()) if quiet else None,
            digest_minutes=one.digest_minutes,
            active=one.active,
        )

    def _made(
        self,
        client: Client,
        given: PortableIntegration,
        ids: Mapping[str, Sequence[PydanticObjectId]],
        checks: FieldChecks,
    ) -> Integration:
        for name in given.chatbots:
            if name not in ids:
                shown = name[:100]
                checks.wrong("chatbots", f"names {shown}, which is no chatbot of this client")
        kind = cast("IntegrationKindName", given.kind.lower())
        target, label = Target(kind, {}), NO_LABEL
        if kind == "email":
            mailboxes = checked_mailboxes(Target(kind, {"addresses": given.emails}), checks)
            target, label = mailboxes.target, mailboxes.label
        elif given.emails:
            checks.wrong("emails", "belongs to an EMAIL only")
        has_address = bool(target.address)
        made = Integration(
            client_id=client.client_id,
            kind=kind,
            target_label=label,
            sealed_target="",
            active=given.active and has_address,
            paused_reason=None if has_address else NO_ADDRESS,
            **checked_values(_values(given, ids), checks),
        )
        made.sealed_target = self._seals.sealed(made.id, target)
        if kind == "webhook":
            secret = self._seals.sealed_key(made.id, new_webhook_secret())
            made.signing_keys = [NoticeKey(sealed_secret=secret)]
        return made


def _values(
    given: PortableIntegration, ids: Mapping[str, Sequence[PydanticObjectId]]
) -> dict[str, Any]:
    quiet = given.quiet_hours
    chatbots = (one for name in given.chatbots for one in ids.get(name, ()))
    return {
        "name": given.name,
        "events": [event_named(name) for name in given.events],
        "chatbot_ids": list(dict.fromkeys(chatbots)),
        "quiet_time": QuietTime(**quiet.model_dump()) if quiet else None,
        "digest_minutes": given.digest_minutes,
    }


async def _names(
    scope: TenantScope, chatbots: Sequence[PydanticObjectId]
) -> dict[PydanticObjectId, str]:
    ids = list(set(chatbots))
    found = await scope.of(Chatbot).find({"_id": {"$in": ids}}, limit=len(ids)) if ids else []
    return {one.id: one.draft.name for one in found}


async def _ids(
    client: Client, names: set[str], session: WriteSession
) -> dict[str, list[PydanticObjectId]]:
    """The chatbots of these names; several may have the same one."""
    chatbots = TenantScope.one(client.client_id).of(Chatbot)
    wanted = {"draft.name": {"$in": sorted(names)}}
    found = await chatbots.find(wanted, limit=MOST_NAMED, session=session) if names else []
    ids: dict[str, list[PydanticObjectId]] = {}
    for one in found:
        ids.setdefault(one.draft.name, []).append(one.id)
    return ids
