"""Secrets that hooks send by name. A hook never sees one: it is put in when the request leaves.

Each is bound to one host, which must be on the client's list of hosts for hooks.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from documents.clients import Client
from documents.hook_secrets import HookSecret
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record_about
from services.field_checks import FieldChecks
from services.refusals import UnknownTargetError
from services.sealing.sealing import Resealing, Sealer, UnsealError

MAX_SECRETS = 50
SHORTEST = 8
LONGEST = 4096
"""Of a secret, in characters. What is shorter could not be taken out of a reply again."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,49}")
_SENDABLE = re.compile(r"[\x21-\x7e]+")
"""What a header may carry, without spaces (RFC 9110, section 5.5)."""


class HookSecrets:
    """Sets secrets and gives them to requests."""

    def __init__(self, transactions: Transactions, sealer: Sealer) -> None:
        self._transactions = transactions
        self._sealer = sealer

    async def set(
        self, scope: TenantScope, client: Client, name: str, host: str, value: str | None
    ) -> list[str]:
        """Store a secret, or delete it where `value` is None; the names that there are then.

        Raises:
            InvalidFieldsError: with everything that is wrong.
            UnknownTargetError: the client is gone.
        """

        async def write(session: WriteSession) -> list[str]:
            found = await scope.of(Client).get(client.id, session=session)
            if found is None:
                raise UnknownTargetError("input", "clientId")
            names = await self._names(scope, session)
            sent_host = _checked(found, names, name, host, value)
            await self._write(scope, found, name, sent_host, value, session)
            noted = {"name": name, "host": sent_host, "secret": "set" if value else "deleted"}
            await record_about(session, HookSecret, None, client_id=client.client_id, noted=noted)
            return await self._names(scope, session)

        return await self._transactions.run_transaction(write)

    async def names(self, scope: TenantScope) -> list[str]:
        """The names of a client's secrets, in order."""
        return await self._names(scope, None)

    async def for_host(
        self, client_id: str, host: str, needed: Collection[str] = ()
    ) -> Mapping[str, str]:
        """The secrets that may be sent to a host, by their names: all that can be opened.

        Raises:
            UnsealError: one that is needed does not open with this installation's secret.
        """
        secrets = TenantScope.one(client_id).of(HookSecret)
        opened: dict[str, str] = {}
        for one in await secrets.find({"host": host}, limit=MAX_SECRETS):
            try:
                opened[one.name] = self._sealer.open(one.sealed_value, owner=sealing_owner(one))
            except UnsealError:
                if one.name in needed:
                    raise
        return opened

    async def _names(self, scope: TenantScope, session: WriteSession | None) -> list[str]:
        found = await scope.of(HookSecret).find(limit=MAX_SECRETS, session=session)
        return sorted({one.name for one in found})

    async def _write(
        self,
        scope: TenantScope,
        client: Client,
        name: str,
        host: str,
        value: str | None,
        session: WriteSession,
    ) -> None:
        secrets = scope.of(HookSecret)
        await secrets.delete_one({"name": name, "host": host}, session=session)
        if value is None:
            return
        secret = HookSecret(client_id=client.client_id, name=name, host=host, sealed_value="")
        secret.sealed_value = self._sealer.seal(value, owner=sealing_owner(secret))
        await secrets.insert(secret, session=session)


def sealing_owner(secret: HookSecret) -> str:
    """What a sealed secret is bound to: copied to another client or host it does not open."""
    return f"hook_secret/{secret.client_id}/{secret.name}/{secret.host}"


async def reseal_hook_secrets(resealing: Resealing) -> int:
    """Seal all secrets of hooks with the installation's new secret; how many were changed."""
    count = 0
    secrets = TenantScope.every_client().of(HookSecret)
    async for stored in secrets.raw.find(secrets.condition()):
        secret = HookSecret.model_validate(stored)
        sealed = resealing.resealed(secret.sealed_value, owner=sealing_owner(secret))
        if sealed is not None:
            await secrets.update_one({"_id": secret.id}, {"$set": {"sealed_value": sealed}})
            count += 1
    return count


def _checked(client: Client, names: Sequence[str], name: str, host: str, value: str | None) -> str:
    """The host as it is stored.

    Raises:
        InvalidFieldsError: with everything that is wrong.
    """
    checks = FieldChecks("input")
    if not _NAME.fullmatch(name):
        checks.wrong("name", "needs 1 to 50 characters of A-Z, 0-9 and _, and begins with a letter")
    sent_host = checks.domain("host", host)
    if value is not None:
        if sent_host not in client.hook_hosts:
            checks.wrong("host", "is not among the client's hookHosts; add it by updateClient")
        if not SHORTEST <= len(value) <= LONGEST or not _SENDABLE.fullmatch(value):
            checks.wrong("value", f"needs {SHORTEST} to {LONGEST} printable characters, no spaces")
        if name not in names and len(names) >= MAX_SECRETS:
            checks.wrong("name", f"would be one more than the {MAX_SECRETS} that there may be")
    checks.done()
    return sent_host
