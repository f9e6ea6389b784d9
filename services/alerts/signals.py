"""What an operator should hear of when there is much of it: counted here, told by `alarms`.

Noting costs nothing and never fails, so whoever notices trouble notes it on the way; what was noted
within a few seconds goes to the database at once.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

SignalName = Literal["server_error", "failed_sign_in", "throttled", "reused_token"]


class Signals:
    """What this process has noticed and not yet counted with the others."""

    def __init__(self) -> None:
        self._counts: Counter[SignalName] = Counter()
        self._last: dict[SignalName, Mapping[str, str]] = {}

    def note(self, name: SignalName, last: Mapping[str, str] | None = None, count: int = 1) -> None:
        """Note it; `last` is told of the last one: codes, nothing that somebody wrote."""
        self._counts[name] += count
        if last:
            self._last[name] = last

    def taken(self) -> Mapping[SignalName, int]:
        """What was noted since this was asked last."""
        counts, self._counts = self._counts, Counter()
        return counts

    def last(self, name: SignalName) -> Mapping[str, str]:
        """What is known of the last one."""
        return self._last.get(name, {})


class ErrorsNoted(logging.Handler):
    """Notes each error of the log: whatever Parlance did not expect stands there."""

    def __init__(self, signals: Signals) -> None:
        super().__init__(logging.ERROR)
        self._signals = signals

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line of the log."""
        said = record.msg if isinstance(record.msg, dict) else {}
        event, incident = str(said.get("event", record.name)), said.get("incident")
        last = {"event": event} | ({"incident": str(incident)} if incident else {})
        self._signals.note("server_error", last)


@contextmanager
def errors_noted(signals: Signals) -> Iterator[None]:
    """Note the errors that are logged within."""
    noting = ErrorsNoted(signals)
    logging.getLogger().addHandler(noting)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(noting)
