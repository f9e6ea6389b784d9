"""The link to a report's file: its code is sealed, and opens for this report only."""

from documents.ids import PydanticObjectId
from documents.reports import Report
from documents.tenancy import TenantScope
from services.sealing.sealing import Resealing


def link_owner(report: Report) -> str:
    """To what the sealed code belongs."""
    return _owner(report.id)


async def reseal_report_links(resealing: Resealing) -> int:
    """Seal the codes of all reports' links with the installation's new secret; how many.

    Raises:
        UnsealError: a code opens with neither secret.
    """
    count, reports = 0, TenantScope.every_client().of(Report)
    sealed_ones = reports.condition({"sealed_code": {"$ne": None}})
    async for one in reports.raw.find(sealed_ones, {"sealed_code": 1}):
        sealed = resealing.resealed(one["sealed_code"], owner=_owner(one["_id"]))
        if sealed is not None:
            await reports.update_one({"_id": one["_id"]}, {"$set": {"sealed_code": sealed}})
            count += 1
    return count


def _owner(report_id: PydanticObjectId | None) -> str:
    return f"report/{report_id}"
