"""The `parlance` command."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.logs import configure_logs
from api.settings import Settings
from documents.errors import DatabaseError

cli = typer.Typer(
    name="parlance",
    help="Parlance: AI chatbots for many clients, self-hosted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

knowledge = typer.Typer(
    name="knowledge", help="What chatbots answer from: list, add, sync.", no_args_is_help=True
)
cli.add_typer(knowledge)

CheckOnly = Annotated[bool, typer.Option("--check", help="Only compare; fail on a difference.")]


@cli.command()
def serve() -> None:
    """Run the server: API, background work, and the database if none is given."""
    settings = loaded_settings()
    from api.server import serve as run_server  # noqa: PLC0415

    raise typer.Exit(run_server(settings))


@cli.command()
def worker() -> None:
    """Run the background work apart from servers that have PARLANCE_BACKGROUND_WORK=false.

    It listens at PARLANCE_HOST and PARLANCE_PORT for /healthz, /readyz and /metrics only. Several
    may run, on one PARLANCE_MONGODB_URL.
    """
    settings = loaded_settings()
    if settings.mongodb_url is None:
        print(
            "parlance: a worker shares its database with servers: set PARLANCE_MONGODB_URL. With"
            " the embedded database `parlance serve` does everything.",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    from api.application import create_worker  # noqa: PLC0415
    from api.server import serve as run_server  # noqa: PLC0415

    raise typer.Exit(run_server(settings, create_worker(settings), is_worker=True))


@cli.command()
def migrate() -> None:
    """Bring the database to the form that this version needs."""
    from documents.database.database import Database  # noqa: PLC0415
    from documents.migrations.runner import migrate as run_migrations  # noqa: PLC0415

    async def run(database: Database) -> None:
        applied = await run_migrations(database)
        names = ", ".join(one.name for one in applied)
        print(f"Applied: {names}" if names else "Nothing to do: the database is up to date.")

    with_database(run)


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write. There must be none yet.")],
) -> None:
    """Write everything that the database holds to a file, as it is at one moment.

    The server may run meanwhile. The secret key is not in the file: keep it apart.
    """
    from api.backups import run_backup  # noqa: PLC0415

    asyncio.run(run_backup(loaded_settings(), file))


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `parlance backup` wrote.")],
    check: Annotated[  # noqa: FBT002
        bool, typer.Option("--check", help="Only read the file, and tell whether it is whole.")
    ] = False,
    force: Annotated[  # noqa: FBT002
        bool, typer.Option("--force", help="Delete what the database holds, for good.")
    ] = False,
    other_key: Annotated[  # noqa: FBT002
        bool, typer.Option("--other-key", help="Although the secret key is another one.")
    ] = False,
) -> None:
    """Put a backup into an empty database. Stop the servers first.

    The file is read and checked as a whole before anything is changed.
    """
    from api.backups import check_backup, run_restore  # noqa: PLC0415

    if check:
        asyncio.run(check_backup(file))
    else:
        asyncio.run(run_restore(loaded_settings(), file, force=force, other_key=other_key))


@cli.command()
def create_admin(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    full_name: Annotated[str, typer.Option(help="How the person is called.")] = "Administrator",
) -> None:
    """Make a platform admin. The password is read from standard input, or generated and printed."""
    from api.database import prepare  # noqa: PLC0415
    from documents.database.database import Database  # noqa: PLC0415
    from services.accounts.first_admin import generated_password  # noqa: PLC0415
    from services.accounts.users import NewUser, Users  # noqa: PLC0415

    given = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    password = given or generated_password()

    async def run(database: Database) -> None:
        await prepare(database)
        wanted = NewUser(email, full_name, password, is_admin=True)
        with _command("createAdmin"):
            made = await Users(database).create(wanted, path=())
        print(f"Made the platform admin {made.email}.")
        if not given:
            print(f"Password (shown this once): {password}")

    with_database(run)


@cli.command()
def reset_password(
    email: Annotated[str, typer.Argument(help="The address of the account.")],
) -> None:
    """Give an account a new password, read from standard input, or generated and printed."""
    from api.database import prepare  # noqa: PLC0415
    from documents.database.database import Database  # noqa: PLC0415
    from services.accounts.first_admin import generated_password  # noqa: PLC0415
    from services.accounts.password_reset import set_password  # noqa: PLC0415

    given = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    password = given or generated_password()

    async def run(database: Database) -> None:
        await prepare(database)
        with _command("resetPassword"):
            ended = await set_password(database, email, password)
        print(f"{email} has a new password; {ended} sessions ended.")
        if not given:
            print(f"Password (shown this once): {password}")

    with_database(run)


@cli.command()
def rotate_secret_key() -> None:
    """Give the installation a new secret and seal everything with it. Stop the servers first.

    A new secret is read from standard input, or made in the data folder. Run again after an
    interruption, with the same input: it goes on where it was.
    """
    from api.database import prepare  # noqa: PLC0415
    from api.secret_rotation import rotate_secret  # noqa: PLC0415
    from documents.database.database import Database  # noqa: PLC0415

    given = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    settings = loaded_settings()

    async def run(database: Database) -> None:
        await prepare(database)
        count = await rotate_secret(database, settings, given)
        print(f"Sealed anew: {count}. People and visitors sign in again.")
        if settings.secret_key is not None:
            print("Set PARLANCE_SECRET_KEY to the new secret before you start the server.")

    with_database(run)


@cli.command()
def export_schema(
    check: CheckOnly = False,  # noqa: FBT002
    break_promise: Annotated[  # noqa: FBT002
        bool, typer.Option("--break-promise", help="Forget promises that the schema breaks.")
    ] = False,
) -> None:
    """Write schema.graphql, possible_types.json and promised.graphql from the code."""
    from api.schema_export import SchemaExport  # noqa: PLC0415

    export = SchemaExport()
    wrong = export.differences() if check else export.write(break_promise=break_promise)
    for line in wrong:
        print(line)
    raise typer.Exit(1 if wrong else 0)


@cli.command()
def export_settings(
    check: CheckOnly = False,  # noqa: FBT002
) -> None:
    """Write docs/reference/settings.md from the code."""
    from api.settings_reference import main as write_reference  # noqa: PLC0415

    raise typer.Exit(write_reference(["--check"] if check else []))


@cli.command()
def export_reference(
    check: CheckOnly = False,  # noqa: FBT002
) -> None:
    """Write the other pages of docs/reference/ from the code: schema, events, errors, commands."""
    from api.reference.pages import differences, reference_pages, write  # noqa: PLC0415

    pages = reference_pages(cli)
    wrong = differences(pages) if check else []
    if not check:
        write(pages)
    for line in wrong:
        print(line)
    raise typer.Exit(1 if wrong else 0)


@cli.command()
def seed(
    clients: Annotated[int, typer.Option(help="How many clients.")] = 1_000,
    chatbots: Annotated[int, typer.Option(help="How many chatbots they have together.")] = 10_000,
    messages: Annotated[int, typer.Option(help="How many messages all of them.")] = 1_000_000,
    remove: Annotated[  # noqa: FBT002
        bool, typer.Option("--remove", help="Take the seeds away instead.")
    ] = False,
    force: Annotated[  # noqa: FBT002
        bool, typer.Option("--force", help="Also in production.")
    ] = False,
) -> None:
    """Make sample data: clients with chatbots and conversations, to try and measure with.

    Ended at any moment, it goes on where it was when called again with the same numbers.
    """
    from api.seeds import run_seed, run_seed_removal  # noqa: PLC0415
    from services.seeding.sizes import SeedSize  # noqa: PLC0415

    if not loaded_settings().in_development and not force and not remove:
        print(
            "parlance: this is production (see PARLANCE_ENVIRONMENT), and seeds would stand among"
            " its clients. Give --force if you want that.",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    with _command("seed"):
        size = SeedSize(clients, chatbots, messages)
        with_database(run_seed_removal if remove else lambda one: run_seed(one, size))


@cli.command()
def rebuild_usage(
    client: Annotated[
        str, typer.Option(help="Only this client, by its slug; all of them when left out.")
    ] = "",
) -> None:
    """Make the sums of usage anew from what was asked, and tell how many were wrong.

    The server may run meanwhile. Ended at any moment, nothing is lost; call it again.
    """
    from api.usage_rebuild import run_rebuild  # noqa: PLC0415

    with_database(lambda database: run_rebuild(database, client))


@cli.command()
def evaluate(
    questions: Annotated[Path, typer.Argument(help="A file; docs/guide/answers.md has its form.")],
    chatbot: Annotated[str, typer.Option(help="The embed key of the chatbot.")],
) -> None:
    """Ask a chatbot's search your own questions and print how often it finds what you expect."""
    from api.evaluating import evaluated, question_set_in  # noqa: PLC0415
    from documents.database.database import Database  # noqa: PLC0415

    settings, asked = loaded_settings(), question_set_in(questions)

    async def run(database: Database) -> None:
        for line in await evaluated(database, settings, chatbot, asked):
            print(line)

    with_database(run)


@knowledge.command("list")
def list_knowledge(
    client: Annotated[str, typer.Option(help="Only this client's, by its slug.")] = "",
    chatbot: Annotated[str, typer.Option(help="Only this chatbot's, by its embed key.")] = "",
    problems: Annotated[  # noqa: FBT002
        bool, typer.Option("--problems", help="Also the pages that could not be read, and why.")
    ] = False,
) -> None:
    """List knowledge sources, newest first."""
    from api.knowledge_commands import listed_sources  # noqa: PLC0415
    from documents.database.database import Database  # noqa: PLC0415

    async def run(database: Database) -> None:
        async for line in listed_sources(database, client, chatbot, problems=problems):
            print(line)

    with_database(run)


@knowledge.command("add")
def add_knowledge(
    place: Annotated[str, typer.Argument(help="An address, a file, or - for a text that is read.")],
    chatbot: Annotated[str, typer.Option(help="The embed key of the chatbot.")],
    kind: Annotated[
        str, typer.Option(help="url, sitemap, crawl, file or text; told by PLACE when left out.")
    ] = "",
    title: Annotated[str, typer.Option(help="What citations call it.")] = "",
    max_pages: Annotated[int | None, typer.Option(help="Most pages of a site.")] = None,
    max_depth: Annotated[int | None, typer.Option(help="Most links from the start.")] = None,
    every: Annotated[int | None, typer.Option(help="Read it anew every so many hours.")] = None,
) -> None:
    """Add a knowledge source to a chatbot, and wait until it is read.

    Without --kind an address is one page. The exit status is 1 when nothing could be read.
    """
    from api.knowledge_commands import WantedSource, add_source  # noqa: PLC0415

    wanted = WantedSource(place, chatbot, kind, title, max_pages, max_depth, every)
    _read_knowledge(
        "addKnowledgeSource", lambda database: add_source(database, loaded_settings(), wanted)
    )


@knowledge.command("sync")
def sync_knowledge(
    ids: Annotated[list[str], typer.Argument(help="Ids of sources, as `list` shows them.")],
) -> None:
    """Read knowledge sources anew, and wait until that is done.

    The exit status is 1 when one of them could not be read.
    """
    from api.knowledge_commands import sync_sources  # noqa: PLC0415

    _read_knowledge(
        "syncKnowledgeSource", lambda database: sync_sources(database, loaded_settings(), ids)
    )


@knowledge.command("search-indexes")
def make_search_indexes() -> None:
    """Make the indexes that PARLANCE_KNOWLEDGE_SEARCH=atlas needs, and tell which are ready."""
    from api.search_indexes import made_search_indexes  # noqa: PLC0415
    from documents.database.database import Database  # noqa: PLC0415

    async def run(database: Database) -> None:
        async for line in made_search_indexes(database, loaded_settings()):
            print(line)

    with_database(run)


def _read_knowledge(action: str, work: Callable[..., Awaitable[bool]]) -> None:
    async def run(database: object) -> None:
        with _command(action):
            if not await work(database):
                raise typer.Exit(1)

    with_database(run)


@cli.command()
def doctor() -> None:
    """Look for what is wrong with this installation and say what to mend."""
    from api.doctor import examine  # noqa: PLC0415

    raise typer.Exit(examine(loaded_settings()))


@cli.callback()
def _quiet() -> None:
    """Commands speak for themselves; only what went wrong is logged. `serve` sets its own."""
    configure_logs(style="console", level="warning")


def _command(action: str) -> AbstractContextManager[object]:
    """What a command changes is recorded as the command line's doing."""
    from services.audit.acts import Act, Actor, acting  # noqa: PLC0415

    return acting(Act(Actor("The command line"), action))


def loaded_settings() -> Settings:
    """The settings, or the end of the process with everything that is wrong with them."""
    try:
        return Settings()
    except ValidationError as error:
        print("These settings cannot be used:", file=sys.stderr)
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            shown = f"PARLANCE_{name}: " if name else ""
            print(f"  {shown}{problem['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        raise typer.Exit(2) from error


def with_database(work: Callable[..., Awaitable[None]]) -> None:
    """Run a command's work on the database: the running server's, else started for the command."""
    from api.database import database_options  # noqa: PLC0415
    from documents.database.opening import attach_database  # noqa: PLC0415

    async def run() -> None:
        database = await attach_database(database_options(loaded_settings()))
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


def main() -> None:
    """Run a command; problems that a person can mend are a sentence, not a traceback."""
    from api.knowledge_command_error import KnowledgeCommandError  # noqa: PLC0415
    from api.listening import PortInUseError  # noqa: PLC0415
    from api.secret_key import SecretKeyError  # noqa: PLC0415
    from api.usage_rebuild import UnknownClientError  # noqa: PLC0415
    from services.accounts.password_reset import UnknownAccountError  # noqa: PLC0415
    from services.accounts.passwords import UnsuitablePasswordError  # noqa: PLC0415
    from services.knowledge.evaluation import QuestionSetError  # noqa: PLC0415
    from services.refusals import InvalidFieldsError, NameTakenError  # noqa: PLC0415
    from services.sealing.keys import WeakSecretError  # noqa: PLC0415
    from services.sealing.sealing import UnsealError  # noqa: PLC0415
    from services.seeding.seeding import SeedingRefusedError  # noqa: PLC0415

    mendable = (
        DatabaseError,
        SecretKeyError,
        PortInUseError,
        NameTakenError,
        UnknownAccountError,
        UnsuitablePasswordError,
        InvalidFieldsError,
        WeakSecretError,
        UnsealError,
        SeedingRefusedError,
        QuestionSetError,
        UnknownClientError,
        KnowledgeCommandError,
    )
    try:
        cli()
    except mendable as error:
        print(f"parlance: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
