"""Counts the tests that ran, per marker, and with CI=true fails a run in which one did not.

A pytest plugin (`-p tests.run_census`). A suite that skips, deselects or loses a test looks as
green as one that passed it; here a collected test counts only when its body ran and its result was
plain "passed" or "failed". Works with and without pytest-xdist: there the workers report what they
left out, and the controller compares what they collected with what came back.
"""

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

#: A run for a person's eyes may leave tests out; continuous integration may not.
STRICT = os.environ.get("CI") == "true"

UNMARKED = "unmarked"
#: Markers that are counted on a line of their own; each test counts once, under the first it has.
COUNTED = ("wordpress", "browser", "faults", "benchmark")


@dataclass
class Census:
    """What was collected, what ran, and what was left out and why."""

    collected: set[str] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)  # node id -> reason
    collection_errors: list[str] = field(default_factory=list)
    tests_by_marker: Counter[str] = field(default_factory=Counter)
    seconds_by_marker: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def gaps(self) -> dict[str, str]:
        """Returns node id -> reason for everything that should have run and did not."""
        lost = dict.fromkeys(self.collected - self.ran, "collected, and no result came back")
        return {**lost, **self.left_out, **dict.fromkeys(self.collection_errors, "not collected")}


def pytest_configure(config: pytest.Config) -> None:
    """Starts the census of this process."""
    config.pluginmanager.register(_Counter(config), "run-census")


class _Counter:
    def __init__(self, config: pytest.Config) -> None:
        self._is_worker = hasattr(config, "workerinput")
        self._config = config
        self.census = Census()

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.census.left_out[item.nodeid] = "deselected"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.census.collected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.census.collected.update(ids)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.census.collection_errors.append(report.nodeid)
        elif report.skipped:
            self.census.left_out[report.nodeid] = f"skipped: {_reason(report)}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        census = self.census
        marker = next((name for name in COUNTED if name in report.keywords), UNMARKED)
        census.seconds_by_marker[marker] += report.duration
        if hasattr(report, "wasxfail"):
            census.left_out[report.nodeid] = f"expected to fail: {report.wasxfail}"
        elif report.skipped:
            census.left_out[report.nodeid] = f"skipped: {_reason(report)}"
        elif report.when == "call":
            census.ran.add(report.nodeid)
            census.tests_by_marker[marker] += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        left_out = getattr(node, "workeroutput", {}).get("census_left_out", {})
        self.census.left_out.update(left_out)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._is_worker:
            self._config.workeroutput["census_left_out"] = self.census.left_out  # type: ignore[attr-defined]
        elif STRICT and self.census.gaps() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        census, write = self.census, terminalreporter.write_line
        terminalreporter.section("census")
        for marker in (*COUNTED, UNMARKED):
            seconds = census.seconds_by_marker[marker]
            write(f"{marker:<12}{census.tests_by_marker[marker]:>6} ran {seconds:>8.1f} s")
        self._write_gaps(terminalreporter)

    def _write_gaps(self, terminalreporter: pytest.TerminalReporter) -> None:
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for node_id, reason in sorted(self.census.gaps().items()):
            by_reason[reason].append(node_id)
        for reason, node_ids in by_reason.items():
            terminalreporter.write_line(f"did not run: {len(node_ids)}, {reason}", red=STRICT)
            for node_id in node_ids if STRICT else ():
                terminalreporter.write_line(f"  {node_id}")


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    where_and_why = report.longrepr
    why = where_and_why[2] if isinstance(where_and_why, tuple) else str(where_and_why)
    return why.removeprefix("Skipped: ")
