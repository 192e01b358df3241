"""Reading the settings: once, here."""

import sys

from pydantic import ValidationError

from runtime.cli.output import refuse
from runtime.errors import ConfigurationError
from runtime.logging import configure
from runtime.settings import Environment, Settings


def read_settings(*, quiet: bool = False) -> Settings:
    """Read the settings from the environment, and set the logs up.

    A malformed value ends the command: the sentence names the setting, not the value.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"ZHANGGUI_{'__'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
            for each in error.errors()
        )
        msg = f"the settings cannot be read: {wrong}"
        refuse(ConfigurationError(msg), to_json=False)
    configure(
        level="warning" if quiet else "info",
        as_json=settings.environment is Environment.PRODUCTION or not sys.stderr.isatty(),
    )
    return settings
