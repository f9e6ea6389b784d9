"""What the set-up promises to a person who runs it twice at once, or where something is missing."""

import subprocess
import sys

import pytest

from set_up.debian_packages import Need
from set_up.steps import (
    FIRST_LINES_SHOWN,
    LAST_LINES_SHOWN,
    REPOSITORY,
    CommandError,
    fingerprint,
    one_at_a_time,
    run,
)

HOLD_THE_LOCK = """
import sys
from set_up.steps import one_at_a_time
with one_at_a_time():
    print("held", flush=True)
    sys.stdin.read()
print("released", flush=True)
"""


def holder(*, stdin: int, stderr: int | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK],
        cwd=REPOSITORY,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def test_two_set_ups_at_once_go_one_after_the_other() -> None:
    with holder(stdin=subprocess.PIPE) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with holder(stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as second:
            assert second.stdout is not None
            assert second.stderr is not None
            assert "waiting for it" in second.stderr.readline()
            first.stdin.close()
            assert second.stdout.read() == "held\nreleased\n"


def test_a_failed_command_shows_where_it_began_and_how_it_ended() -> None:
    lines = FIRST_LINES_SHOWN + LAST_LINES_SHOWN + 50
    with pytest.raises(CommandError) as failed:
        run([sys.executable, "-c", f"[print(n) for n in range({lines})]; raise SystemExit(3)"])
    shown = failed.value.lines
    assert failed.value.status == 3
    assert shown[0] == "0"
    assert shown[-1] == str(lines - 1)
    assert len(shown) == FIRST_LINES_SHOWN + LAST_LINES_SHOWN


def test_the_lock_is_free_again_after_an_error() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="inside"), one_at_a_time():
            raise ValueError("inside")


def test_a_fingerprint_depends_on_every_part_and_its_place() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("a", "b") == fingerprint("a", "b")


def test_what_is_missing_is_named() -> None:
    need = Need("browser", ("no-such-command",), ("no-such-library",), ("a-package",))
    assert need.missing() == ["no-such-command", "libno-such-library"]
