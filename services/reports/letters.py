"""The mails that bring a report: its main numbers in words, and the file."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from documents.reports import Report
from services.mail.mails import Attachment, Mail
from services.reports.findings import Findings
from services.reports.numbers import Written
from services.reports.page import figures_of
from services.reports.phrases import phrases_in

MAIL_LIVES = timedelta(days=3)


def report_mails(
    report: Report, findings: Findings, attached: Sequence[Attachment]
) -> Iterator[tuple[str, Mail]]:
    """A mail for each recipient, with what it tells of."""
    language, said = phrases_in(report.language)
    written = Written(language, findings.currency)
    names = {
        "client": findings.client.name,
        "since": written.day(findings.period.since),
        "until": written.day(findings.period.last),
    }
    numbers = [
        f"{one.name}: {one.value}" + (f" ({one.change})" if one.change else "")
        for one in figures_of(findings, written, said)
    ]
    if not findings.figures.totals.numbers["requests"]:
        numbers = [said["empty"]]
    for recipient in report.recipients:
        yield (
            f"report/{report.id}/{recipient}",
            Mail(
                name="",
                address=recipient,
                subject=said["subject"].format(**names),
                paragraphs=[said["greeting"].format(**names), *numbers],
                ending=[said["attached"]] if attached else [],
                language=language,
                attachments=list(attached),
                brand=findings.client.name,
                brand_color=findings.color,
            ),
        )
