"""The installation's secret: made once, private, never replaced."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.secret_key import SecretKeyError, installation_secret
from api.settings import Settings

GIVEN = "a secret of forty characters, long enough"


def settings_in(folder: Path) -> Settings:
    return Settings(data_dir=folder, secret_key=None)


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    secret = installation_secret(settings_in(folder))
    assert len(secret) == 64
    assert installation_secret(settings_in(folder)) == secret
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


def test_two_installations_have_two(tmp_path: Path) -> None:
    one, other = [installation_secret(settings_in(tmp_path / name)) for name in ("a", "b")]
    assert one != other


def test_of_many_that_make_it_at_once_the_first_ones_counts(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: installation_secret(settings), range(64)))
    assert len(secrets) == 1


def test_a_given_one_needs_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = Settings.model_validate({"data_dir": folder, "secret_key": GIVEN})
    assert installation_secret(settings) == GIVEN
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 100, b"\n" * 100])
def test_a_damaged_one_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(SecretKeyError, match="backup"):
        installation_secret(settings_in(tmp_path))
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "secret.key").mkdir(parents=True)
    for folder in ("file", "file/data", "folder"):
        with pytest.raises(SecretKeyError, match="PARLANCE_SECRET_KEY"):
            installation_secret(settings_in(tmp_path / folder))
