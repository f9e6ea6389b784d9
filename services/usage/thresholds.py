"""Telling a client that most of its quota or budget is used, and that all of it is: once each."""

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
    standing: tuple[tuple[OutboxKind, int, int | None], ...] = (
        ("quota.threshold", month.used, month.quota),
        ("budget.threshold", month.spent_micros, month.budget_micros),
    )
    for kind, used, limit in standing:
        for share in SHARES:
            if limit and used * 100 >= limit * share:
                await _tell(month, kind, used, limit, share)


async def tell_used_up(month: UsageMonth) -> None:
    """Record that the budget holds no more answers: less of it is left than the next may cost."""
    if month.budget_micros:
        await _tell(month, "budget.threshold", month.spent_micros, month.budget_micros, SHARES[-1])


async def _tell(month: UsageMonth, kind: OutboxKind, used: int, limit: int, share: int) -> None:
    alert = f"{kind}/{limit}/{share}"
    if alert in month.alerted:
        return
    facts: dict[str, int | str] = {
        "month": month.month,
        "share": share,
        "used": used,
        "limit": limit,
    }
    await record(Happening(month.client_id, kind, f"{alert}/{month.month}", facts=facts))
    await note_alert(month, alert)
