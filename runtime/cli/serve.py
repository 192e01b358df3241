"""`zhanggui serve` and `zhanggui worker`."""

import click

from runtime.cli.output import run
from runtime.cli.settings import read_settings
from runtime.errors import ConfigurationError
from runtime.settings import Settings


@click.command()
@click.option("--host", help="address to listen on")
@click.option("--port", type=click.IntRange(0, 65535), help="port to listen on")
@click.option("--no-worker", is_flag=True, help="take messages on, leave the answers to workers")
def serve(host: str | None, port: int | None, *, no_worker: bool) -> None:
    """Take callbacks and chats on, and answer them."""
    run(_serve(host, port, with_worker=not no_worker))


@click.command()
def worker() -> None:
    """Answer what others took on; needs servers for everything."""
    run(_work())


async def _serve(host: str | None, port: int | None, *, with_worker: bool) -> None:
    from runtime.process import serve as serve_process

    settings = read_settings()
    http = settings.http.model_copy(
        update={
            name: value for name, value in (("host", host), ("port", port)) if value is not None
        }
    )
    settings = settings.model_copy(update={"http": http})
    if not with_worker:
        _need_servers(settings, "serve --no-worker")
    await serve_process(settings, with_worker=with_worker)


async def _work() -> None:
    from runtime.process import work

    settings = read_settings()
    _need_servers(settings, "worker")
    await work(settings)


def _need_servers(settings: Settings, command: str) -> None:
    shared = [part for part in settings.embedded if part != "model"]
    if shared:
        msg = (
            f"'{command}' needs servers for {', '.join(shared)}: what is embedded belongs to one "
            "process; set ZHANGGUI_DATABASE__URL, ZHANGGUI_QUEUE__REDIS_URL and "
            "ZHANGGUI_VECTORS__URL, or use 'serve'"
        )
        raise ConfigurationError(msg)
