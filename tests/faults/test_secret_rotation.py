"""`parlance rotate-secret-key`: all opens with the new secret, also after an interruption."""

import pytest

from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.registry import DOCUMENT_CLASSES
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Resealing, Sealer
from tests.api.operations import done
from tests.conftest import signed_in
from tests.server_process import ServerProcess

pytestmark = pytest.mark.faults
OWNER = "llm_config//0123456789abcdef01234567"


def test_what_is_sealed_anew_already_is_left_alone() -> None:
    old, new = Sealer(DerivedKeys("o" * 32)), Sealer(DerivedKeys("n" * 32))
    resealing = Resealing(old, new)
    anew = resealing.resealed(old.seal("sk", owner=OWNER), owner=OWNER)
    assert anew is not None
    assert new.open(anew, owner=OWNER) == "sk"
    assert resealing.resealed(anew, owner=OWNER) is None


def test_every_sealed_field_is_known_to_the_rotation() -> None:
    """A new sealed field needs its reseal function in api/secret_rotation.py, then a line here."""
    sealed = {
        f"{one.__name__}.{field}"
        for one in DOCUMENT_CLASSES
        for field in one.model_fields
        if "sealed" in field or field == "signing_keys"
    }
    assert sealed == {
        "LlmConfig.sealed_api_key",
        "Client.signing_keys",
        "OutgoingMail.sealed",
        "HookSecret.sealed_value",
        "Report.sealed_code",
        "Integration.sealed_target",
        "Integration.signing_keys",
    }


async def test_a_rotation_reseals_all_and_goes_on_after_an_interruption(
    own_server: ServerProcess,
) -> None:
    own_server.start()
    admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
    config = {"name": "Own", "provider": "OPENAI", "model": "a", "apiKey": "sk-secret"}
    await done(admin, "createLlmConfig", config, "llmConfig { id }")
    data = await admin.execute('{ client(slug: "demo") { id } }')
    await done(admin, "rotateClientSigningKey", {"clientId": data["client"]["id"]}, "secret")
    await admin.close()

    refused = own_server.command("rotate-secret-key")
    assert (refused.returncode, "Stop it" in refused.stderr) == (1, True)
    own_server.stop()
    key_file = own_server.data_dir / "secret.key"
    old = key_file.read_text()
    interrupted = own_server.data_dir / "secret.key.next"
    interrupted.write_text("n" * 40)
    rotated = own_server.command("rotate-secret-key")
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert rotated.stdout.startswith("Sealed anew: 2.")
    assert (key_file.read_text(), interrupted.exists()) == ("n" * 40, False)
    assert old != key_file.read_text()

    options = DatabaseOptions(mongodb_url=None, data_dir=own_server.data_dir)
    database = await open_database(options)
    stored = await database.database["llm_configs"].find_one({"name": "Own"})
    await database.close()
    assert stored is not None
    owner = f"llm_config//{stored['_id']}"
    sealer = Sealer(DerivedKeys("n" * 40))
    assert sealer.open(stored["sealed_api_key"], owner=owner) == "sk-secret"
    assert own_server.command("rotate-secret-key").stdout.startswith("Sealed anew: 2.")
