"""The installation's secret: given by the operator, or generated next to the embedded database."""

import os
import secrets
from pathlib import Path

from api.settings import Settings
from services.sealing.keys import MIN_SECRET_CHARACTERS

FILE_NAME = "secret.key"
SECRET_BYTES = 48


class SecretKeyError(RuntimeError):
    """The secret of this installation cannot be read or made."""


def installation_secret(settings: Settings) -> str:
    """The secret; generated with mode 0600 at the first start.

    Raises:
        SecretKeyError: the file cannot be read or written, or is not what was written once.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / FILE_NAME
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = _read_or_make(path)
    except OSError as error:
        raise SecretKeyError(
            f"The secret key {path} cannot be used: {error.strerror}. Make the folder writable,"
            " or set PARLANCE_SECRET_KEY."
        ) from error
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise SecretKeyError(
            f"The secret key {path} is damaged. Restore it from a backup: without it, the secrets"
            " stored in the database cannot be read."
        )
    return secret


def _read_or_make(path: Path) -> str:
    """The file's secret. Of two processes that make it at once, the first one's counts."""
    if not path.exists():
        write_secret(path, new_secret())
    return path.read_bytes().decode("ascii", errors="ignore").strip()


def new_secret() -> str:
    """A secret that nobody can guess."""
    return secrets.token_urlsafe(SECRET_BYTES)


def write_secret(path: Path, secret: str) -> None:
    """Write a secret with mode 0600, whole or not at all; one that is there already stays."""
    draft = path.with_suffix(f".{secrets.token_hex(4)}")  # every container's process is 1
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
