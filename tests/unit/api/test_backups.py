"""`parlance restore` asks for the secret key that belongs to a backup, and makes none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.backups import OtherSecretKeyError, key_mark, run_backup, run_restore
from api.secret_key import SecretKeyError
from api.secret_rotation import NEXT_FILE
from api.settings import Settings
from documents.backup.archive import ArchiveWriter
from documents.backup.manifest import Manifest, Origin


def settings_in(folder: Path, secret: str = "") -> Settings:
    folder.mkdir(exist_ok=True)
    if secret:
        (folder / "secret.key").write_text(secret)
    return Settings(data_dir=folder)


def backup_sealed_by(settings: Settings, file: Path) -> Path:
    """A backup of nothing."""
    manifest = Manifest(
        taken_at=datetime.now(UTC),
        cluster_time=(1, 1),
        origin=Origin(parlance="0.1.0", secret_key=key_mark(settings)),
        mongodb="6.0.5",
        migrations={},
        collections=(),
    )
    with ArchiveWriter(file) as archive:
        archive.finish(manifest)
    return file


@pytest.mark.parametrize("secret", ["", "another " * 5])
async def test_without_the_key_of_a_backup_nothing_is_restored(secret: str, tmp_path: Path) -> None:
    file = backup_sealed_by(settings_in(tmp_path / "old", "secret " * 6), tmp_path / "one.zip")
    settings = settings_in(tmp_path / "new", secret)
    before = sorted(path.name for path in settings.data_dir.iterdir())
    with pytest.raises(OtherSecretKeyError, match="--other-key"):
        await run_restore(settings, file, force=False, other_key=False)
    assert sorted(path.name for path in settings.data_dir.iterdir()) == before


def test_the_mark_of_a_key_tells_nothing_but_whether_it_is_the_same(tmp_path: Path) -> None:
    one, other = (settings_in(tmp_path / name, name * 40) for name in ("a", "b"))
    assert key_mark(one) == key_mark(settings_in(tmp_path / "again", "a" * 40))
    assert key_mark(one) != key_mark(other)
    assert "a" * 8 not in key_mark(one)


async def test_no_backup_is_taken_while_the_key_is_being_changed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data", "secret " * 6)
    (settings.data_dir / NEXT_FILE).write_text("next " * 10)
    with pytest.raises(SecretKeyError, match="rotate-secret-key"):
        await run_backup(settings, tmp_path / "one.zip")
