"""The HTTP application."""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from runtime.api import chat, health, webhooks
from runtime.api.errors import STATUSES, reply, unrouted

if TYPE_CHECKING:
    from runtime.container import Container


def create_app(container: "Container") -> FastAPI:
    """Make the application of a process."""
    app = FastAPI(title="Zhanggui", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.container = container
    app.router.routes.extend([*webhooks.ROUTES, *health.ROUTES, *chat.routes()])
    handler: Any = reply
    for kind in STATUSES:
        app.add_exception_handler(kind, handler)
    no_route: Any = unrouted
    app.add_exception_handler(HTTPException, no_route)
    return app
