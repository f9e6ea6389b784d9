"""The ZIP: the same bytes for the same values, nothing secret, nothing of a value in what runs."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from wordpress_plugin.names import TRADEMARKS, names_for
from wordpress_plugin.package import SOURCE, PluginValues, plugin_package

VALUES = PluginValues(
    server_url="https://chat.example.com",
    chatbot="embed-key",
    client_slug="acme",
    client_name="Acme Ltd",
    flavour="directory",
)
HOSTILE = (
    "*/ system('id'); /*",
    "<?php system('id'); ?>",
    "Acme\n * Plugin URI: https://evil.example",
    "株式会社アクメ",
    "שלום 🛒",
    "'\"\\${x}",
    "\x00\x1b[0m",
    "a" * 5_000,
    "",
)


def files_of(values: PluginValues) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(plugin_package(values).content)) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def test_the_same_values_give_the_same_bytes() -> None:
    assert plugin_package(VALUES) == plugin_package(replace(VALUES))


def test_every_value_makes_a_difference() -> None:
    others = [
        replace(VALUES, server_url="https://other.example.com"),
        replace(VALUES, chatbot="other-key"),
        replace(VALUES, client_slug="other"),
        replace(VALUES, client_name="Other"),
        replace(VALUES, flavour="self_updating"),
    ]
    hashes = {plugin_package(one).sha256 for one in (VALUES, *others)}
    assert len(hashes) == 1 + len(others)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_gets_into_what_php_runs(name: str) -> None:
    plain = files_of(VALUES)
    given = files_of(replace(VALUES, client_name=name))
    changed = [path for path in plain if plain[path] != given[path]]

    assert set(changed) <= {
        "acme-chatbot/acme-chatbot.php",
        "acme-chatbot/readme.txt",
        "acme-chatbot/values.json",
    }
    for text in (plain, given):
        main = text["acme-chatbot/acme-chatbot.php"]
        text["code"] = main[main.index("*/") :]
    assert plain["code"] == given["code"]
    header = given["acme-chatbot/acme-chatbot.php"].partition("*/")[0]
    assert "evil.example" not in re.findall(r"^ \* Plugin URI:.*", header, re.MULTILINE)
    assert isinstance(json.loads(given["acme-chatbot/values.json"])["client"], str)


@pytest.mark.php
@pytest.mark.parametrize("name", HOSTILE[:3])
def test_every_file_of_php_is_read_by_php(name: str, tmp_path: Path) -> None:
    package = plugin_package(replace(VALUES, client_name=name, flavour="self_updating"))
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        archive.extractall(tmp_path)
    for path in [*tmp_path.rglob("*.php"), *SOURCE.rglob("*.php")]:
        checked = subprocess.run(
            [shutil.which("php") or "php", "-l", str(path)], capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stdout


def test_only_the_self_updating_flavour_has_an_updater() -> None:
    directory = files_of(VALUES)
    own = files_of(replace(VALUES, flavour="self_updating"))

    assert set(own) - set(directory) == {"acme-chatbot/includes/updater.php"}
    assert "Update URI" not in directory["acme-chatbot/acme-chatbot.php"]
    address = "https://chat.example.com/plugins/embed-key/update.json"
    assert f" * Update URI: {address}\n" in own["acme-chatbot/acme-chatbot.php"]


def test_the_plugins_of_two_clients_share_no_name() -> None:
    one, other = (files_of(replace(VALUES, client_slug=slug)) for slug in ("acme", "globex"))
    functions = [
        {
            name
            for text in files.values()
            for name in re.findall(r"^function (\w+)", text, re.MULTILINE)
        }
        for files in (one, other)
    ]
    assert functions[0]
    assert not functions[0] & functions[1]
    assert "parlance_embed" not in "".join(one.values())


@pytest.mark.parametrize(
    ("client", "slug", "prefix"),
    [
        ("acme", "acme-chatbot", "acme_chatbot"),
        ("3m", "3m-chatbot", "chatbot_3m_chatbot"),
        ("wp-hosting", "hosting-chatbot", "hosting_chatbot"),
        ("a", "a-chatbot", "a_chatbot"),
    ],
)
def test_names_follow_the_client(client: str, slug: str, prefix: str) -> None:
    names = names_for(client, "Acme")
    assert (names.slug, names.prefix) == (slug, prefix)


@pytest.mark.parametrize("client", sorted(TRADEMARKS))
def test_no_trademark_is_in_a_slug_or_name(client: str) -> None:
    names = names_for(client, client.title())
    assert not set(names.slug.split("-")) & TRADEMARKS
    assert client not in names.title.lower().split()
    assert len(names.slug) >= len("chatbot-")
