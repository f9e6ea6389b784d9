"""Reports as files: made in the background, fetched once, and sent by mail when they are due."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.answers import asked
from tests.api.operations import (
    Json,
    PersonOf,
    VisitorOf,
    database_of,
    done,
    mutate,
    new_chatbot,
)
from tests.api.test_reports import around_today
from tests.api.test_usage import Shop, shop
from tests.graphql_clients import GraphQLClient
from tests.mailbox import next_mail, text_of
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until

__all__ = ["shop"]

REPORTS = """
query ($id: ID!) {
  reports(clientId: $id) {
    nodes: edges { node {
      id status progressPercent format from until client { id }
      download { url sha256 sizeBytes expiresAt }
    } }
  }
}
"""
SCHEDULES = """
query ($id: ID!) {
  reportSchedules(clientId: $id) { id interval format recipients language nextRunAt client { id } }
}
"""


async def reports_of(caller: GraphQLClient, shop: Shop) -> list[Json]:
    found = (await caller.execute(REPORTS, {"id": shop.id}))["reports"]["nodes"]
    return [one["node"] for one in found]


async def made(caller: GraphQLClient, shop: Shop, form: str, **more: Any) -> Json:
    """A report once it is ready."""
    given = {"clientId": shop.id, "period": around_today(), "format": form, **more}
    report = await done(caller, "generateReport", given, "report { id status progressPercent }")
    assert report["report"]["status"] == "QUEUED"
    ready: list[Json] = []

    async def is_ready() -> bool:
        ready[:] = [one for one in await reports_of(caller, shop) if one["status"] == "READY"]
        return bool(ready)

    await until(is_ready)
    return ready[0]


async def fetched(report: Json) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(report["download"]["url"])


async def test_a_page_tells_what_was_asked_and_is_fetched_once(
    shop: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    viewer = await person_of(shop.slug, "viewer")
    await asked(await visitor_of(shop.embed_key), "Do you <b>sell</b> shoes?")
    report = await made(viewer, shop, "HTML", language="DE")
    assert report["progressPercent"] == 100
    response = await fetched(report)
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["content-disposition"].startswith("attachment")
    assert len(response.content) == report["download"]["sizeBytes"]
    page = response.text
    assert '<html lang="de" dir="ltr">' in page
    assert "Meistgestellte Fragen" in page
    assert "Do you &lt;b&gt;sell&lt;/b&gt; shoes?" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert (await fetched(report)).status_code == 404
    assert (await reports_of(viewer, shop))[0]["download"] is None


async def test_tables_hold_a_line_for_each_day_chatbot_and_model(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    evil = await new_chatbot(admin, shop.id, name="=1+1")
    key = await admin.execute("query ($id: ID!) { chatbot(id: $id) { embedKey } }", {"id": evil})
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    await asked(await visitor_of(key["chatbot"]["embedKey"]), "When do you open?")
    text = (await fetched(await made(admin, shop, "CSV"))).content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {one["chatbot"]: one["requests"] for one in lines} == {"Helper": "1", "'=1+1": "1"}
    assert {one["unique_visitors"] for one in lines} == {"1"}


async def test_programs_get_sums_and_lines(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    found = json.loads((await fetched(await made(admin, shop, "JSON"))).content)
    assert found["totals"]["requests"] == 1
    assert found["previous"]["requests"] == 0
    assert [one["requests"] for one in found["lines"]] == [1]
    assert [one["question"] for one in found["top_questions"]] == ["When do you open?"]


@pytest.mark.parametrize("form", ["HTML", "CSV", "JSON"])
async def test_a_report_about_nothing_says_so(admin: GraphQLClient, shop: Shop, form: str) -> None:
    period = {"from": "2150-01-01", "until": "2151-01-01"}
    text = (await fetched(await made(admin, shop, form, period=period))).text
    if form == "HTML":
        assert "Nothing was asked in this period." in text
    elif form == "JSON":
        assert json.loads(text)["lines"] == []
    else:
        assert len(text.splitlines()) == 1


async def test_what_cannot_be_reported_on_is_refused(admin: GraphQLClient, shop: Shop) -> None:
    given = {"clientId": shop.id, "format": "CSV"}
    backwards = {"from": "2026-02-01", "until": "2026-01-01"}
    refused = await mutate(admin, "generateReport", {**given, "period": backwards}, "report { id }")
    assert refused["code"] == "INVALID_INPUT"
    assert "day after" in refused["message"] or refused["path"] is not None
    unknown = {**given, "period": around_today(), "chatbotId": shop.id}
    assert (await mutate(admin, "generateReport", unknown, "report { id }"))["code"] == "NOT_FOUND"


async def test_a_report_that_is_due_is_sent_once(
    server: ServerProcess, admin: GraphQLClient, shop: Shop
) -> None:
    address = f"boss-{shop.slug}@example.com"
    given = {
        "clientId": shop.id,
        "interval": "MONTHLY",
        "format": "HTML",
        "recipients": [address, address],
        "language": "FR",
    }
    made_ = await done(admin, "createReportSchedule", given, "schedule { id nextRunAt recipients }")
    schedule = made_["schedule"]
    assert schedule["recipients"] == [address]
    due = datetime.fromisoformat(schedule["nextRunAt"])
    assert (due.day, due.hour) == (1, 6)
    async with database_of(server) as database:
        await database.database["report_schedules"].update_one(
            {"client_id": shop.slug}, {"$set": {"next_run_at": datetime.now(UTC)}}
        )
    mail = await next_mail(server, address)
    assert str(mail["Subject"]).startswith("Rapport pour A client")
    assert str(mail["From"]).startswith("A client <")
    assert "Aucune question" in text_of(mail)
    [attached] = list(mail.iter_attachments())
    assert str(attached.get_filename()).endswith(".html")
    assert '<html lang="fr"' in attached.get_content()
    [again] = (await admin.execute(SCHEDULES, {"id": shop.id}))["reportSchedules"]
    assert datetime.fromisoformat(again["nextRunAt"]) == due
    [report] = await reports_of(admin, shop)
    first = datetime.fromisoformat(report["until"]).date()
    assert first.day == 1
    assert first <= datetime.now(UTC).date() < first + timedelta(days=32)
    await done(admin, "deleteReportSchedule", {"id": schedule["id"]}, "deletedId")
    assert (await admin.execute(SCHEDULES, {"id": shop.id}))["reportSchedules"] == []


async def test_a_schedule_needs_addresses_that_are_some(admin: GraphQLClient, shop: Shop) -> None:
    for recipients in ([], ["nobody"], ["a@example.com"] * 21):
        given = {
            "clientId": shop.id,
            "interval": "WEEKLY",
            "format": "CSV",
            "recipients": recipients,
        }
        refused = await mutate(admin, "createReportSchedule", given, "schedule { id }")
        assert refused["code"] == "INVALID_INPUT", recipients
