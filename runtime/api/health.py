"""Is the process alive, and can it work."""

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.api.requests import container_of


async def live(request: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Say that what is needed to take a message on is there.

    Raises:
        StoreUnavailableError: The database is away.
        QueueError: The queue is away.
    """
    container = container_of(request)
    async with container.database.read() as session:
        await session.execute(text("SELECT 1"))
    await container.queue.check()
    return JSONResponse({"status": "ready", "embedded": list(container.settings.embedded)})


ROUTES = [Route("/health/live", live), Route("/health/ready", ready)]
