"""Telling of what concerns the whole platform: every client whose integrations listen is told."""

from collections.abc import Mapping

from documents.integrations import Integration
from documents.outbox_entries import OutboxKind
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.outbox.recording import Happening, record_for_many


async def announce(
    kind: OutboxKind, key: str, facts: Mapping[str, int | str], session: WriteSession
) -> None:
    """Record it for each client that is to be told, in the transaction that makes it happen.

    Raises:
        DuplicateError: it is recorded already, under this key; the transaction is void.
    """
    told = await listening_to(kind)
    await record_for_many([Happening(one, kind, key, facts=facts) for one in told], session)


async def listening_to(kind: OutboxKind) -> list[str]:
    """The clients of which an integration is told of this."""
    integrations = TenantScope.every_client().of(Integration)
    wanted = integrations.condition({"events": kind, "active": True})
    slugs: list[str] = await integrations.raw.distinct("client_id", wanted)
    return slugs
