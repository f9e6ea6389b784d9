"""A server that cannot come to an end is ended. Time budget: 30 seconds."""

from pathlib import Path

import pytest

from api.last_deadline import EXIT_STATUS
from tests.server_process import ServerProcess

pytestmark = pytest.mark.faults


class NeverEnding(ServerProcess):
    program = ("-m", "tests.faults.programs.never_ends")


def test_what_never_ends_is_ended_and_says_where_it_was(tmp_path: Path) -> None:
    server = NeverEnding(tmp_path / "data")
    server.start()
    assert server.stop() == EXIT_STATUS
    assert "Timeout" in server.log
    assert "most recent call first" in server.log, "what the threads were doing"
