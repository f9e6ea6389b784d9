"""`parlance serve` of an application that never comes to an end, and may take a second for it."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.server import serve
from api.settings import Settings


@asynccontextmanager
async def without_end(application: FastAPI) -> AsyncGenerator[None, None]:
    yield
    await asyncio.Event().wait()


def main() -> int:
    settings = Settings(drain_seconds=0.0)
    application = FastAPI(lifespan=without_end)
    application.state.settings, application.state.first_password = settings, None
    application.state.start_problem = None
    application.add_api_route("/readyz", lambda: "ready")
    return serve(settings, application, last_seconds=1.0)


if __name__ == "__main__":
    sys.exit(main())
