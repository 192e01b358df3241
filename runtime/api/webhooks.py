"""The platforms' callbacks: `/webhooks/{channel}/{account}`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime import ingress
from runtime.api.requests import container_of, webhook_request


async def webhook(request: Request) -> Response:
    """Take a callback on; it is acknowledged after its commit and before any model is asked."""
    container = container_of(request)
    account = await container.accounts.named(
        request.path_params["channel"], request.path_params["account"]
    )
    taken = await webhook_request(request)
    reply = await ingress.accept(container, account, container.fronts.of(account), taken)
    return Response(
        reply.body,
        status_code=reply.status,
        media_type=reply.media_type,
        headers=dict(reply.headers),
    )


ROUTES = [Route("/webhooks/{channel}/{account}", webhook, methods=["GET", "POST"])]
