"""Maintenance of the whole platform tells each listening client what changes for its visitors."""

from uuid import uuid4

import pytest

from documents.clients import Client
from documents.database.database import Database
from documents.integrations import Integration
from documents.outbox_entries import OutboxEntry
from documents.tenancy import TenantScope
from services.chatbots.maintenance import Maintenance

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def listening_client(**more: str) -> TenantScope:
    slug = f"paused-{uuid4()}"
    scope = TenantScope.one(slug)
    await scope.of(Client).insert(Client(client_id=slug, name="A client", **more))
    integration = Integration(
        client_id=slug,
        kind="slack",
        name="n",
        target_label="t",
        sealed_target="",
        events=["system.status"],
    )
    await scope.of(Integration).insert(integration)
    return scope


async def facts(scope: TenantScope) -> list[dict[str, int | str]]:
    entries = await scope.of(OutboxEntry).find({}, limit=10, sort=[("_id", 1)])
    return [one.facts for one in entries]


async def test_a_client_whose_own_pause_goes_on_is_told_nothing_of_the_platforms(
    database: Database,
) -> None:
    own, other = await listening_client(maintenance_text="Ours."), await listening_client()
    maintenance = Maintenance(database)
    await maintenance.set_for_all("We move.")
    await maintenance.set_for_all(None)
    assert await facts(own) == []
    began = {"status": "maintenance", "text": "We move."}
    assert await facts(other) == [began, {"status": "online"}]
    for scope in (own, other):
        await scope.of(Integration).delete_many({})
