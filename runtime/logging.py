"""Structured logs: events in the past with fields, and nothing in them that is a customer's."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import FilteringBoundLogger

# What these fields hold is a secret or a customer's, whoever passes it by mistake.
_REDACTED_FIELDS: Final = frozenset(
    {
        "access_token", "address", "api_key", "app_secret", "authorization", "body", "content",
        "customer", "echostr", "email", "encoding_aes_key", "external_id", "key", "message",
        "openid", "password", "phone", "prompt", "question", "secret", "session_key", "text",
        "token",
    }
)  # fmt: skip
_NOISY = ("httpx", "httpcore", "uvicorn.access")


def redact(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank the fields that must not be logged."""
    for name in _REDACTED_FIELDS & event.keys():
        event[name] = "[redacted]"
    return event


def configure(*, level: str = "info", as_json: bool = False) -> None:
    """Set logs up for the process; libraries' own logs that hold addresses are kept quiet."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The other ones show the values of local variables: customers' words, and keys.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The SDK logs failed requests with their trace; we translate them, and log once.
    logging.getLogger("dashscope").setLevel(logging.CRITICAL)


def get_logger(name: str) -> FilteringBoundLogger:
    """Give a logger; it does nothing before its first event."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger
