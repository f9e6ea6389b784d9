"""The link of a report opens after the installation got another secret, too."""

import pytest

from documents.base import utc_now
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.reports import Report
from documents.tenancy import TenantScope
from services.reports.links import link_owner, reseal_report_links
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Resealing, Sealer

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = Sealer(DerivedKeys("a secret of forty characters, long enough"))
NEW = Sealer(DerivedKeys("another secret of forty characters, long"))


async def stored_report(*, code: str | None) -> Report:
    report_id = PydanticObjectId()
    report = Report(
        id=report_id,
        client_id="sealed-links",
        key=f"{report_id}",
        format="html",
        language="en",
        since="2026-11-01",
        until="2026-12-01",
        due_at=utc_now(),
    )
    report.sealed_code = code and OLD.seal(code, owner=link_owner(report))
    return await TenantScope.one(report.client_id).of(Report).insert(report)


async def test_the_codes_of_links_are_sealed_anew(database: Database) -> None:
    ready, waiting = await stored_report(code="an-unguessable-code"), await stored_report(code=None)
    assert await reseal_report_links(Resealing(OLD, NEW)) == 1
    assert await reseal_report_links(Resealing(OLD, NEW)) == 0
    stored = {
        one["_id"]: one["sealed_code"] async for one in Report.get_pymongo_collection().find({})
    }
    assert NEW.open(stored[ready.id], owner=link_owner(ready)) == "an-unguessable-code"
    assert stored[waiting.id] is None
