"""`make bench`: measures, prints a table of ratios and keeps the raw numbers."""

import argparse

from benchmarks.first_answer import NoAnswerError, measure_first_answer
from benchmarks.hook_attack import measure_attack
from benchmarks.hook_turns import HookNotReadyError, measure_hook_turns
from benchmarks.hooks import measure_hooks
from benchmarks.ingestion import measure_ingestion
from benchmarks.list_page import measure_pages
from benchmarks.notices import measure_notices
from benchmarks.paced import measure_paced
from benchmarks.queries import measure_queries
from benchmarks.reading_pages import measure_reading
from benchmarks.redis_process import NoRedisError
from benchmarks.report import Report
from benchmarks.reports import measure_reports
from benchmarks.retrieval.debian_pages import CorpusMissingError
from benchmarks.retrieval.measure import measure_retrieval
from benchmarks.shared_log import measure_logs
from benchmarks.sign_ins import measure_sign_ins
from benchmarks.stalls import measure_stalls
from benchmarks.stream_memory import measure_retained
from benchmarks.stream_throughput import measure_throughput
from benchmarks.takeover import measure_takeovers
from benchmarks.turns import measure_turns
from benchmarks.widget_start import NoBrowserError, measure_widget_start
from benchmarks.widgets import measure_widgets
from benchmarks.wordpress_page import NoWordPressError, measure_site_pages

PARTS = (
    "stream",
    "paced",
    "memory",
    "shared-log",
    "takeover",
    "list",
    "queries",
    "stalls",
    "sign-in",
    "hooks",
    "widgets",
    "widget-start",
    "turns",
    "hook-turns",
    "hook-attack",
    "first-answer",
    "retrieval",
    "reading",
    "ingestion",
    "reports",
    "wordpress-page",
    "notices",
)


NOT_MEASURED = (
    NoRedisError,
    NoBrowserError,
    HookNotReadyError,
    NoAnswerError,
    CorpusMissingError,
)
"""What a machine or a moment lacks; other parts are measured all the same."""


def main() -> None:
    arguments = parse_arguments()
    report = Report()
    for part in PARTS:
        if part in arguments.parts:
            measure_part(part, report, arguments)
    for line in report.lines():
        print(line)
    print(f"raw numbers: {report.save()}")


def measure_part(part: str, report: Report, given: argparse.Namespace) -> None:
    """Measure a part, or tell what it would have needed."""
    try:
        MEASURES[part](report, given)
    except NOT_MEASURED as error:
        report.not_measured[part] = str(error)


def measure_stream(report: Report, given: argparse.Namespace) -> None:
    report.throughput = measure_throughput(given.deltas, given.repeats)


def measure_pace(report: Report, given: argparse.Namespace) -> None:
    report.paced = measure_paced(given.repeats)


def measure_memory(report: Report, given: argparse.Namespace) -> None:
    report.retained = measure_retained(given.memory_deltas, given.traced_deltas)


def measure_shared_log(report: Report, given: argparse.Namespace) -> None:
    report.logs = measure_logs(given.deltas, given.repeats)


def measure_killed(report: Report, given: argparse.Namespace) -> None:
    report.takeovers = measure_takeovers(given.repeats)


def measure_list(report: Report, given: argparse.Namespace) -> None:
    report.pages = measure_pages(given.pages, given.repeats)


def measure_hostile(report: Report, given: argparse.Namespace) -> None:
    report.stalls = measure_stalls(given.repeats)


def measure_hook_calls(report: Report, given: argparse.Namespace) -> None:
    report.hooks = measure_hooks(given.seconds, given.repeats)


def measure_signing_in(report: Report, given: argparse.Namespace) -> None:
    report.sign_ins = measure_sign_ins(given.seconds, given.repeats)


def measure_open_widgets(report: Report, given: argparse.Namespace) -> None:
    report.widgets = measure_widgets(given.idle, given.repeats)


def measure_widget_on_page(report: Report, given: argparse.Namespace) -> None:
    report.widget_start = measure_widget_start(given.repeats)


def measure_wordpress(report: Report, given: argparse.Namespace) -> None:
    try:
        report.site_pages = measure_site_pages(given.repeats)
    except NoWordPressError as error:
        report.not_measured["wordpress-page"] = str(error)


def measure_added(report: Report, given: argparse.Namespace) -> None:
    report.turns = measure_turns(given.turns, given.repeats)


def measure_turns_with_hooks(report: Report, given: argparse.Namespace) -> None:
    report.hook_turns = measure_hook_turns(given.turns)


def measure_attacked_chats(report: Report, given: argparse.Namespace) -> None:
    report.attack = measure_attack(given.turns)


def measure_large_database(report: Report, given: argparse.Namespace) -> None:
    size = (given.clients, given.chatbots, given.messages)
    report.queries = measure_queries(size, given.pages)


def measure_start(report: Report, _given: argparse.Namespace) -> None:
    report.first_answer = measure_first_answer()


def measure_reading_pages(report: Report, given: argparse.Namespace) -> None:
    report.reading = measure_reading(given.read_pages, given.repeats)


def measure_site(report: Report, given: argparse.Namespace) -> None:
    report.ingestion = measure_ingestion(given.site_pages)


def measure_finding(report: Report, _given: argparse.Namespace) -> None:
    report.retrieval = measure_retrieval()


def measure_telling(report: Report, given: argparse.Namespace) -> None:
    report.notices = measure_notices(given.notices, given.waiting, given.repeats)


def measure_years(report: Report, given: argparse.Namespace) -> None:
    report.reports = measure_reports(given.pages)


MEASURES = {
    "stream": measure_stream,
    "paced": measure_pace,
    "memory": measure_memory,
    "shared-log": measure_shared_log,
    "takeover": measure_killed,
    "list": measure_list,
    "queries": measure_large_database,
    "stalls": measure_hostile,
    "sign-in": measure_signing_in,
    "hooks": measure_hook_calls,
    "widgets": measure_open_widgets,
    "widget-start": measure_widget_on_page,
    "turns": measure_added,
    "hook-turns": measure_turns_with_hooks,
    "hook-attack": measure_attacked_chats,
    "first-answer": measure_start,
    "retrieval": measure_finding,
    "reading": measure_reading_pages,
    "ingestion": measure_site,
    "reports": measure_years,
    "wordpress-page": measure_wordpress,
    "notices": measure_telling,
}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--deltas", type=int, default=50_000, help="deltas of one answer")
    parser.add_argument("--repeats", type=int, default=5, help="answers or rounds per server")
    parser.add_argument("--pages", type=int, default=200, help="requests of one round")
    parser.add_argument("--seconds", type=float, default=10.0, help="of one round of sign-ins")
    parser.add_argument("--idle", type=int, default=1_000, help="open widgets beside the streams")
    parser.add_argument("--turns", type=int, default=200, help="one after the other, of each kind")
    parser.add_argument("--memory-deltas", type=int, default=100_000)
    parser.add_argument("--traced-deltas", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=1_000, help="of the seeded database")
    parser.add_argument("--chatbots", type=int, default=10_000, help="of all these clients")
    parser.add_argument("--messages", type=int, default=1_000_000, help="of all these clients")
    parser.add_argument("--read-pages", type=int, default=200, help="of one round, of each kind")
    parser.add_argument("--site-pages", type=int, default=1_000, help="of the site that is read")
    parser.add_argument("--notices", type=int, default=500, help="deliveries of one round")
    parser.add_argument("--waiting", type=int, default=100_000, help="deliveries to who hangs")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    main()
