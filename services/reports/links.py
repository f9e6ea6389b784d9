"""The link to a report's file: its code is sealed, and opens for this report only."""

from documents.reports import Report


def link_owner(report: Report) -> str:
    """To what the sealed code belongs."""
    return f"report/{report.id}"
