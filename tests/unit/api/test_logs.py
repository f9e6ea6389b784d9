"""Logs: one format for ours and others', and no traceback that shows what variables hold."""

import json
import logging
import secrets
from collections.abc import Iterator

import pytest
import structlog

from api.logs import configure_logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail_with(password: str) -> None:
    """Fails while a secret is in reach."""
    copy = password * 2
    raise ValueError("too " + "long" * (copy == ""))


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_shows_no_variables(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(style="json" if style == "json" else "console", level="info")
    password = secrets.token_hex(8)
    try:
        fail_with(password)
    except ValueError:
        structlog.get_logger().exception("fault", incident="abc")

    written = capsys.readouterr().err
    assert "abc" in written
    assert "fail_with" in written
    assert "ValueError: too" in written
    assert password not in written


def test_json_is_one_object_a_line_with_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(style="json", level="info")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("ours").info("one", number=1)
        logging.getLogger("theirs").warning("two %s", "three")
    structlog.get_logger("ours").debug("not at this level")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["one", "two three"]
    assert [line["request_id"] for line in lines] == ["r1", "r1"]
    assert [line["level"] for line in lines] == ["info", "warning"]
    assert lines[0]["number"] == 1
    assert all(line["timestamp"].endswith("Z") for line in lines)
