"""`parlance rotate-secret-key`: another secret for the installation, and all that it seals with it.

Each sealed value is opened with the old secret and sealed with the new one, one by one; what opens
with the new secret already is left alone. So a rotation that was interrupted is finished by running
it again. A new secret of the data folder is kept as `secret.key.next` until every value is sealed
with it, then takes the old one's place.
"""

from pathlib import Path

from api.secret_key import FILE_NAME, SecretKeyError, new_secret, write_secret
from api.settings import Settings
from documents.database.database import Database
from services.chatbots.llm_config_changes import reseal_llm_configs
from services.clients.signing_keys import reseal_signing_keys
from services.hooks.secrets import reseal_hook_secrets
from services.integrations.targets import reseal_integrations
from services.mail.queue import reseal_mails
from services.reports.links import reseal_report_links
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Resealing, Sealer

NEXT_FILE = "secret.key.next"


class ServerRunningError(SecretKeyError):
    """A running server would go on with the old secret."""

    def __init__(self) -> None:
        super().__init__("The server is running. Stop it, rotate, then start it again.")


async def rotate_secret(database: Database, settings: Settings, given: str) -> int:
    """Seal everything with a new secret; how many stored secrets that were.

    Args:
        database: Prepared; started for this command when it is the embedded one.
        settings: Where the old secret is.
        given: The new secret; "" keeps or makes one in the data folder.

    Raises:
        ServerRunningError: a server uses the embedded database.
        SecretKeyError: the secret comes from the environment and no new one was given.
        WeakSecretError: the new secret is too short.
        UnsealError: a value opens with neither secret.
    """
    if settings.mongodb_url is None and not database.is_embedded:
        raise ServerRunningError
    if settings.secret_key is not None:
        if not given:
            raise SecretKeyError(
                "PARLANCE_SECRET_KEY is set: give the new secret on standard input"
                " (`openssl rand -base64 48` makes a good one), then set it."
            )
        return await _reseal(settings.secret_key.get_secret_value(), given)
    return await _rotate_file(settings.data_dir, given)


async def _rotate_file(folder: Path, given: str) -> int:
    current, coming = folder / FILE_NAME, folder / NEXT_FILE
    if not current.exists():
        raise SecretKeyError(f"There is no secret {current} to rotate; the first start makes one.")
    if not coming.exists():
        write_secret(coming, given or new_secret())
    count = await _reseal(current.read_text().strip(), coming.read_text().strip())
    coming.replace(current)
    return count


async def _reseal(old: str, new: str) -> int:
    resealing = Resealing(Sealer(DerivedKeys(old)), Sealer(DerivedKeys(new)))
    counts = [
        await reseal_llm_configs(resealing),
        await reseal_signing_keys(resealing),
        await reseal_mails(resealing),
        await reseal_hook_secrets(resealing),
        await reseal_report_links(resealing),
        await reseal_integrations(resealing),
    ]
    return sum(counts)
