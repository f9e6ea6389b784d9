"""Telling a client that most of its quota or budget is used, and that all of it is: once each."""

from collections.abc import Iterator

from documents.outbox_entries import OutboxKind
from documents.usage_months import UsageMonth, note_alert
from services.outbox.recording import Happening, record

SHARES = (80, 100)
"""Of what is there, in percent."""


async def tell_thresholds(month: UsageMonth) -> None:
    """Record which shares have been reached, unless that was told.

    A limit that was changed is another one: of it is told anew. Whoever records twice, because
    another process has just done it too, stores nothing twice.
    """
    for alert, happening in _reached(month):
        if alert not in month.alerted:
            await record(happening)
            await note_alert(month, alert)


def _reached(month: UsageMonth) -> Iterator[tuple[str, Happening]]:
    standing: tuple[tuple[OutboxKind, int, int | None], ...] = (
        ("quota.threshold", month.used, month.quota),
        ("budget.threshold", month.spent_micros, month.budget_micros),
    )
    for kind, used, limit in standing:
        for share in SHARES:
            if limit and used * 100 >= limit * share:
                alert = f"{kind}/{limit}/{share}"
                facts: dict[str, int | str] = {
                    "month": month.month,
                    "share": share,
                    "used": used,
                    "limit": limit,
                }
                key = f"{alert}/{month.month}"
                yield alert, Happening(month.client_id, kind, key, facts=facts)
