"""`make bench`: measures, prints a table of ratios and keeps the raw numbers."""

import argparse

from benchmarks.first_answer import NoAnswerError, measure_first_answer
from benchmarks.list_page import measure_pages
from benchmarks.queries import measure_queries
from benchmarks.report import Report
from benchmarks.sign_ins import measure_sign_ins
from benchmarks.stalls import measure_stalls
from benchmarks.stream_memory import measure_retained
from benchmarks.stream_throughput import measure_throughput

PARTS = ("stream", "memory", "list", "queries", "stalls", "sign-in", "first-answer")


def main() -> None:
    arguments = parse_arguments()
    report = Report()
    if "stream" in arguments.parts:
        report.throughput = measure_throughput(arguments.deltas, arguments.repeats)
    if "memory" in arguments.parts:
        report.retained = measure_retained(arguments.memory_deltas, arguments.traced_deltas)
    if "list" in arguments.parts:
        report.pages = measure_pages(arguments.pages, arguments.repeats)
    if "stalls" in arguments.parts:
        report.stalls = measure_stalls(arguments.repeats)
    if "sign-in" in arguments.parts:
        report.sign_ins = measure_sign_ins(arguments.seconds, arguments.repeats)
    if "queries" in arguments.parts:
        size = (arguments.clients, arguments.chatbots, arguments.messages)
        report.queries = measure_queries(size, arguments.pages)
    if "first-answer" in arguments.parts:
        try:
            report.first_answer = measure_first_answer()
        except NoAnswerError as error:
            report.not_measured["first-answer"] = str(error)
    for line in report.lines():
        print(line)
    print(f"raw numbers: {report.save()}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--deltas", type=int, default=50_000, help="deltas of one answer")
    parser.add_argument("--repeats", type=int, default=5, help="answers or rounds per server")
    parser.add_argument("--pages", type=int, default=200, help="requests of one round")
    parser.add_argument("--seconds", type=float, default=10.0, help="of one round of sign-ins")
    parser.add_argument("--memory-deltas", type=int, default=100_000)
    parser.add_argument("--traced-deltas", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=1_000, help="of the seeded database")
    parser.add_argument("--chatbots", type=int, default=10_000, help="of all these clients")
    parser.add_argument("--messages", type=int, default=1_000_000, help="of all these clients")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    main()
