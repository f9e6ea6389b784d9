"""A report as one HTML page that needs nothing else: no script, no file, no network.

The page is made piece by piece. Everything that somebody wrote goes through Jinja's escaping.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jinja2 import Environment, PackageLoader, StrictUndefined

from documents.base import utc_now
from documents.ids import PydanticObjectId
from services.languages.codes import RIGHT_TO_LEFT
from services.reports.chart import bar_chart
from services.reports.findings import Findings, most_used
from services.reports.numbers import Written
from services.reports.phrases import Phrases, phrases_in
from services.usage.figures import Figures
from services.usage.periods import zone_of
from services.usage.spans import percentile

MOST_ROWS = 100
"""Chatbots and models that a table tells apart."""

COLUMNS = ("requests", "successes", "visitors", "satisfaction", "cost")

_PAGES = Environment(
    loader=PackageLoader("services.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the page's head, and how it was before."""

    name: str
    value: str
    before: str
    change: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    name: str
    cells: Sequence[str]


def page_of(findings: Findings, language: str | None) -> Iterator[str]:
    """The page, piece by piece."""
    spoken, said = phrases_in(language)
    written = Written(spoken, findings.currency)
    days = {
        "since": written.day(findings.period.since),
        "until": written.day(findings.period.last),
    }
    series = [
        (written.short_day(day), one.numbers["requests"], written.count(one.numbers["requests"]))
        for day, one in findings.figures.series
    ]
    return _PAGES.get_template("report.html").generate(
        language=spoken,
        direction="rtl" if spoken in RIGHT_TO_LEFT else "ltr",
        said=said,
        client=findings.client.name,
        color=findings.color,
        about=said["about"].format(**days),
        made=said["made"].format(day=written.day(_today(findings))),
        is_empty=not findings.figures.totals.numbers["requests"],
        figures=figures_of(findings, written, said),
        chart=bar_chart(series),
        series=[
            Row(written.day(day), _cells(one, written)) for day, one in findings.figures.series
        ],
        columns=[said[name] for name in COLUMNS],
        tables=_tables(findings, written, said),
        questions=[
            (said["questions"], findings.questions),
            (said["unanswered_questions"], findings.unanswered),
        ],
        count=written.count,
    )


def figures_of(findings: Findings, written: Written, said: Phrases) -> list[Figure]:
    """The numbers that matter most, beside those of the period before."""
    now, before = findings.figures.totals, findings.previous
    counted = [
        Figure(
            said[name],
            written.count(now.numbers[field]),
            written.count(before.numbers[field]),
            written.change(now.numbers[field], before.numbers[field]),
        )
        for name, field in (
            ("requests", "requests"),
            ("successes", "successes"),
            ("conversations", "conversations"),
            ("unanswered", "unanswered"),
        )
    ]
    return [
        *counted,
        Figure(
            said["visitors"],
            written.count(now.visitors),
            written.count(before.visitors),
            written.change(now.visitors, before.visitors),
        ),
        Figure(
            said["satisfaction"], _satisfaction(now, written), _satisfaction(before, written), ""
        ),
        Figure(
            said["cost"],
            written.money(now.numbers["cost_micros"]),
            written.money(before.numbers["cost_micros"]),
            written.change(now.numbers["cost_micros"], before.numbers["cost_micros"]),
        ),
        *_times(now, before, written, said),
    ]


def _times(now: Figures, before: Figures, written: Written, said: Phrases) -> Iterator[Figure]:
    for name, spans, old in (
        ("first_token", now.first_token_ms, before.first_token_ms),
        ("answer", now.answer_ms, before.answer_ms),
    ):
        for whom, share in (("half", 0.5), ("most", 0.95)):
            yield Figure(
                f"{said[name]}, {said[whom]}",
                written.seconds(percentile(spans, share)),
                written.seconds(percentile(old, share)),
                "",
            )


def _tables(findings: Findings, written: Written, said: Phrases) -> list[tuple[str, list[Row]]]:
    figures, names = findings.figures, findings.names
    chatbots = {one: names.get(one, said["deleted"]) for one in figures.by_chatbot}
    return [
        (said["by_chatbot"], _rows(figures.by_chatbot, chatbots, written, said)),
        (said["by_llm"], _rows(figures.by_llm, figures.llm_names, written, said)),
    ]


def _rows(
    shares: Mapping[PydanticObjectId, Figures],
    names: Mapping[PydanticObjectId, str],
    written: Written,
    said: Phrases,
) -> list[Row]:
    ordered = most_used(shares)
    rows = [Row(names[one], _cells(shares[one], written)) for one in ordered[:MOST_ROWS]]
    if more := len(ordered) - MOST_ROWS:
        rows += [Row(said["others"].format(count=written.count(more)), [])] if more > 0 else []
    return rows


def _cells(figures: Figures, written: Written) -> list[str]:
    numbers = figures.numbers
    return [
        written.count(numbers["requests"]),
        written.count(numbers["successes"]),
        written.count(figures.visitors),
        _satisfaction(figures, written),
        written.money(numbers["cost_micros"]),
    ]


def _satisfaction(figures: Figures, written: Written) -> str:
    up, down = figures.numbers["feedback_up"], figures.numbers["feedback_down"]
    return written.share(up, up + down)


def _today(findings: Findings) -> date:
    return utc_now().astimezone(zone_of(findings.client)).date()
