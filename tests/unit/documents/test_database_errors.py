"""Which of the driver's errors mean "try again", and what messages never hold. Budget: 1 second."""

from pathlib import Path

import pytest
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from documents.errors import (
    DatabaseTooOldError,
    DatabaseUnavailableError,
    DataFolderInUseError,
    is_unavailable,
    reporting_unavailability,
)

AWAY = [
    AutoReconnect("reset"),
    NetworkTimeout("slow"),
    NotPrimaryError("stepped down"),
    ServerSelectionTimeoutError("nobody"),
    ExecutionTimeout("too long", 50),
    OperationFailure("shutting down", 11600),
    DatabaseUnavailableError("away"),
]
WRONG = [
    DuplicateKeyError("twice", 11000),
    OperationFailure("bad query", 2),
    PyMongoError("other"),
    ValueError("ours"),
]


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_an_absent_database_is_worth_another_try(error: Exception) -> None:
    assert is_unavailable(error)


@pytest.mark.parametrize("error", WRONG, ids=repr)
def test_a_wrong_request_is_not(error: Exception) -> None:
    assert not is_unavailable(error)


def test_a_conflict_of_transactions_is_worth_another_try() -> None:
    details = {"errorLabels": ["TransientTransactionError"]}
    assert is_unavailable(OperationFailure("write conflict", 112, details))


def test_the_drivers_error_becomes_one_that_says_when_to_come_back() -> None:
    with pytest.raises(DatabaseUnavailableError, match="try again") as unavailable:  # noqa: SIM117
        with reporting_unavailability():
            raise AutoReconnect("reset")
    assert unavailable.value.retry_after_s > 0
    assert isinstance(unavailable.value.__cause__, AutoReconnect)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(DuplicateKeyError):  # noqa: SIM117
        with reporting_unavailability():
            raise DuplicateKeyError("twice", 11000)


def test_a_server_that_is_too_old_is_named_with_its_version() -> None:
    assert "5.0.1" in str(DatabaseTooOldError("db:27017", "5.0.1", "6.0"))


def test_a_folder_in_use_by_somebody_unknown_is_still_explained() -> None:
    assert "another process" in str(DataFolderInUseError(Path("/data"), None))
