"""The report's page in every language: whole, in its direction, and the same numbers twice."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.reports import Report
from services.languages.codes import LANGUAGES
from services.reports.findings import Findings
from services.reports.letters import report_mails
from services.reports.page import page_of
from services.reports.phrases import phrases_in
from services.usage.adding_up import Figures
from services.usage.figures import PeriodFigures
from services.usage.highlights import QuestionCount
from services.usage.periods import Period

HALF_A_LABEL = 28
"""Units of the drawing: of "13 thg 10", among the longest."""

FIRST = date(2026, 10, 1)
PLACEHOLDERS = re.compile(r"\{\w+\}")


def figures(requests: int) -> Figures:
    found = Figures(Counter(requests=requests, successes=requests, feedback_up=requests // 3))
    found.answer_ms[100] = requests
    return found


def findings(days: int = 31, requests: int = 40) -> Findings:
    period = Period(FIRST, FIRST + timedelta(days=days))
    chatbot, gone, model = PydanticObjectId(), PydanticObjectId(), PydanticObjectId()
    asked = QuestionCount("هل <b>تشحنون</b>؟", 7, datetime.now(UTC), PydanticObjectId())
    series = [(FIRST + timedelta(days=day), figures(requests * (day + 1))) for day in range(days)]
    return Findings(
        client=Client(client_id="shop", name="Schröder & Söhne", time_zone="Asia/Tokyo"),
        period=period,
        granularity="day",
        figures=PeriodFigures(
            totals=figures(requests),
            by_chatbot={chatbot: figures(requests), gone: figures(1)},
            by_llm={model: figures(requests)},
            llm_names={model: "Model"},
            series=series,
        ),
        previous=figures(0),
        names={chatbot: "Helper"},
        questions=[asked],
        unanswered=[asked],
        color="#8a1538",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_reports_speak_every_language_of_the_widget(language: str) -> None:
    page = "".join(page_of(findings(), language))
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in page
    spoken, said = phrases_in(language)
    assert spoken == language
    for name in ("title", "by_day", "by_chatbot", "questions", "unanswered_questions", "deleted"):
        assert said[name] in page, name
    assert "Schröder &amp; Söhne" in page
    assert "هل &lt;b&gt;تشحنون&lt;/b&gt;؟" in page
    assert "--brand: #8a1538" in page
    assert not PLACEHOLDERS.search(re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL))


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_no_language_borrows_sentences_of_another(language: str) -> None:
    english, said = phrases_in("en")[1], phrases_in(language)[1]
    assert not [
        name for name in ("about", "empty", "greeting", "attached") if said[name] == english[name]
    ]
    for name, sentence in english.items():
        assert Counter(PLACEHOLDERS.findall(said[name])) == Counter(PLACEHOLDERS.findall(sentence))


@pytest.mark.parametrize("days", [1, 7, 31, 57, 92, 366])
def test_the_chart_has_a_bar_for_each_row_of_its_table_and_labels_within_it(days: int) -> None:
    page = "".join(page_of(findings(days), "de"))
    chart = page[page.index("<svg") : page.index("</svg>")]
    left, _, width, _ = (float(one) for one in chart.split('viewBox="')[1].split('"')[0].split())
    labels = [float(one) for one in re.findall(r'<text x="(-?[\d.]+)" [^>]*"middle">', chart)]
    assert len(labels) <= 8
    assert all(left + HALF_A_LABEL <= one <= left + width - HALF_A_LABEL for one in labels)
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert chart.count("<rect") == days
    assert table.count("<tr>") == days


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_period_without_a_question_says_so(language: str) -> None:
    page = "".join(page_of(findings(requests=0), language))
    assert phrases_in(language)[1]["empty"] in page
    assert "<svg" not in page


def test_mails_come_in_the_name_of_the_client_and_its_language() -> None:
    report = Report(
        client_id="shop",
        key="x",
        format="html",
        language="ja",
        since="2026-10-01",
        until="2026-11-01",
        recipients=["a@shop.example", "b@shop.example"],
        due_at=datetime.now(UTC),
    )
    mails = [mail for _, mail in report_mails(report, findings(), [])]
    assert [mail.address for mail in mails] == report.recipients
    assert {(mail.brand, mail.brand_color) for mail in mails} == {("Schröder & Söhne", "#8a1538")}
    assert mails[0].language == "ja"
    assert mails[0].subject.startswith("Schröder & Söhne のレポート")
