"""`parlance seed`: sample data with a progress bar. What makes it is `services.seeding`."""

import functools

import typer

from api.database import prepare
from api.seeding import seed_platform
from documents.database.database import Database
from documents.llm_configs import LlmConfig
from documents.seeds import seed_progress
from services.seeding.seeding import STEP_SECONDS, Seeding, SeedingRefusedError, size_of
from services.seeding.sizes import SeedSize


async def run_seed(database: Database, size: SeedSize) -> None:
    """Make what is wanted, or what is missing of it."""
    seeding = await _seeding(database)
    progress = await seeding.begin(size)
    with typer.progressbar(length=max(size.messages, 1), label="Messages", show_pos=True) as bar:
        await seeding.go_on(progress, bar.update)
    made = size_of(progress)
    typer.echo(
        f"There are {made.clients} seeded clients with {made.chatbots} chatbots and"
        f" {made.messages} messages. `parlance seed --remove` takes them away."
    )


async def run_seed_removal(database: Database) -> None:
    """Take all of it away."""
    seeding = await _seeding(database)
    progress = await seed_progress()
    clients = progress.clients if progress else 0
    with typer.progressbar(length=clients, label="Clients", show_pos=True) as bar:
        removed = await seeding.remove(bar.update)
    typer.echo(f"Removed {removed} clients." if removed else "There are no seeds.")


async def _seeding(database: Database) -> Seeding:
    await prepare(database)
    await seed_platform()
    model = await LlmConfig.find_one({"client_id": None})
    if model is None:
        raise SeedingRefusedError("There is no language model of the platform. Make one first.")
    run = functools.partial(database.run_transaction, deadline_s=STEP_SECONDS)
    return Seeding(run, model.id)
