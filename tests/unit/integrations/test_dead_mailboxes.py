"""A dead mailbox among several is no dead receiver."""

from datetime import timedelta

import pytest

from documents.base import utc_now
from documents.database.database import Database
from documents.deliveries import Delivery
from documents.integrations import Integration
from services.mail.smtp_carrier import SmtpCarrier, SmtpServer
from tests.mail_server import mail_server
from tests.unit.answering.processes import until
from tests.unit.integrations.offices import Office, process, running

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_integration_one_of_whose_mailboxes_is_dead_is_not_paused(
    database: Database,
) -> None:
    await Delivery.get_pymongo_collection().delete_many({})
    office = await Office(database).open()
    async with mail_server() as server:
        server.answers.extend(["250 OK", "550 unknown here"])
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", server.port, tls="never"))
        integration = await office.integration(
            "email",
            {"addresses": ["a@example.com", "b@example.com"]},
            failing_since=utc_now() - timedelta(days=6),
        )
        await office.happens()
        async with running(process(office, carrier=carrier)):

            async def is_noted() -> bool:
                found = await office.scope.of(Integration).get(integration.id)
                return found is not None and (found.failing_since is None or not found.active)

            await until(is_noted)
    found = await office.scope.of(Integration).get(integration.id)
    assert found is not None
    assert (found.active, found.failing_since) == (True, None)
    (delivery,) = await office.deliveries()
    assert "550" in str(delivery.attempts[0].problem)
