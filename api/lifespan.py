"""Opens the parts of a running server in order and closes them in reverse."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import structlog
from fastapi import FastAPI

from api.background import run_background_work, run_behind
from api.database import database_options, prepare
from api.first_password import FirstPassword, make_first_admin
from api.garbage import look_through_everything
from api.routes.graphql import GraphQLEndpoint
from api.secret_key import SecretKeyError, installation_secret
from api.seeding import seed_demo, seed_platform
from api.settings import Settings
from api.wiring import Wiring, wire
from documents.database.database import Database
from documents.database.opening import open_database
from documents.errors import DatabaseError
from documents.knowledge_search_setup import require_search
from services.accounts.passwords import UnsuitablePasswordError
from services.alerts.signals import errors_noted
from services.answering.warming import warm_up
from services.hooks.revalidation import revalidate
from services.languages.detection import detect_language
from services.publishing.widget_build import WidgetNotBuiltError
from services.sealing.keys import WeakSecretError

log = structlog.get_logger()


@asynccontextmanager
async def running(application: FastAPI) -> AsyncGenerator[None, None]:
    """The application between its start and its end.

    Raises:
        DatabaseStartError: the database cannot be opened; the text says what to do.
        SecretKeyError: the secret of the installation cannot be read or made.
    """
    settings: Settings = application.state.settings
    async with _opened(application) as (stack, database, wiring):
        application.state.first_password = await _first_start(
            settings, wiring, alone=database.is_embedded
        )
        application.state.widget_builds = wiring.services.widget_builds
        application.state.kept_files = wiring.kept_files
        await _keep_widget(wiring)
        application.include_router(
            GraphQLEndpoint(wiring.services, wiring.identify, wiring.origins, wiring.token_rounds)
        )
        if database.is_embedded:
            await _take_over(wiring)
        run_behind(stack, "recovery", wiring.recovery.run())
        stack.push_async_callback(wiring.counting.close)
        run_behind(stack, "usage counting", wiring.counting.run())
        if settings.background_work:
            run_background_work(stack, wiring)
        stack.push_async_callback(wiring.services.live.close)
        run_behind(stack, "heartbeat", wiring.beating.run())
        run_behind(stack, "token rounds", wiring.token_rounds.run())
        run_behind(stack, "live", wiring.services.live.run())
        stack.push_async_callback(wiring.generations.drain, settings.drain_seconds)
        run_behind(stack, "garbage", look_through_everything(lambda: wiring.generations.running))
        run_behind(stack, "warming", warm_up(wiring.models))
        log.info("ready", url=settings.base_url)
        yield
        application.state.stopping = True
        log.info("stopping", running_answers=wiring.generations.running)


@asynccontextmanager
async def working(application: FastAPI) -> AsyncGenerator[None, None]:
    """What `parlance worker` runs, between its start and its end; raises what `running` does."""
    async with _opened(application) as (stack, _, wiring):
        run_background_work(stack, wiring)
        run_behind(stack, "garbage", look_through_everything(lambda: 0))
        log.info("working")
        yield
        application.state.stopping = True
        log.info("stopping")


@asynccontextmanager
async def _opened(
    application: FastAPI,
) -> AsyncGenerator[tuple[AsyncExitStack, Database, Wiring], None]:
    """Everything that any process of the product needs; what is put on the stack ends before it."""
    settings: Settings = application.state.settings
    async with AsyncExitStack() as stack:
        stack.enter_context(_problem_noted(application))
        secret = installation_secret(settings)
        database = await open_database(database_options(settings))
        stack.push_async_callback(database.close)
        await _make_ready(settings, database)
        wiring = wire(settings, database, secret)
        for close in (wiring.models.close, wiring.event_log.close, wiring.extractor.close):
            stack.push_async_callback(close)
        stack.push_async_callback(wiring.site_client.aclose)
        stack.push_async_callback(wiring.notices.channels.close)
        await _open_hooks(stack, wiring, database)
        application.state.database, application.state.wiring = database, wiring
        await asyncio.to_thread(detect_language, "warm up")  # loads its tables, about a second
        # What goes wrong in any process is counted, to be told to whoever runs the server.
        stack.enter_context(errors_noted(wiring.services.signals))
        run_behind(stack, "alarms", wiring.alarms.run())
        yield stack, database, wiring


async def _make_ready(settings: Settings, database: Database) -> None:
    await prepare(database)
    if settings.knowledge_search == "atlas":
        await require_search(with_vectors=settings.embedding is not None)


async def _take_over(wiring: Wiring) -> None:
    """Go on at once with what was left behind: the database's lock says that nobody else does."""
    await wiring.recovery.end_all_leases()
    await wiring.housekeeping.take_over()
    await wiring.posting.take_over()
    await wiring.knowledge_worker.take_over()
    await wiring.knowledge_clearing.take_over()
    await wiring.report_making.take_over()
    await wiring.notices.delivering.take_over()


async def _open_hooks(stack: AsyncExitStack, wiring: Wiring, database: Database) -> None:
    """Where clients' code runs; without it the server starts all the same."""
    stack.push_async_callback(wiring.hook_http.close)
    stack.push_async_callback(wiring.sandbox.close)
    await wiring.sandbox.open()
    if wiring.sandbox.problem is not None:
        log.warning("hooks_off", problem=wiring.sandbox.problem)
    stack.push_async_callback(wiring.hook_runner.close)
    run_behind(stack, "hooks checked", revalidate(database, wiring.sandbox))


@contextmanager
def _problem_noted(application: FastAPI) -> Generator[None, None, None]:
    """Keep what went wrong at the start for `api.server`, which says it in a sentence."""
    try:
        yield
    except (DatabaseError, SecretKeyError, WeakSecretError, UnsuitablePasswordError) as problem:
        application.state.start_problem = problem
        raise


async def _keep_widget(wiring: Wiring) -> None:
    """Keep the widget's build for the time when there is a newer one."""
    try:
        await wiring.kept_files.keep(await wiring.services.widget_builds.current())
    except WidgetNotBuiltError as problem:
        log.warning("widget_not_built", problem=str(problem))


async def _first_start(settings: Settings, wiring: Wiring, *, alone: bool) -> FirstPassword | None:
    """What a fresh installation needs; the first admin's password if it was generated here."""
    await seed_platform()
    password = await make_first_admin(settings, wiring.services.transactions)
    if settings.demo:
        await seed_demo(wiring.services, settings.base_url, alone=alone)
    return password
