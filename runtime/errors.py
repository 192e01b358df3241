"""What can go wrong in the process around the domain.

RuntimeFault
├─ ConfigurationError         the settings cannot work; names each
├─ StoreUnavailableError      retryable
├─ StaleLeaseError            another worker owns the shard now
├─ TakenOverError             a person has the conversation now
├─ NotFoundError              no such brand, account or output here
├─ EventsGoneError            events asked for are not kept any more
└─ VaultError                 a sealed value cannot be opened
"""

from typing import ClassVar


class RuntimeFault(Exception):  # noqa: N818 - the root is no error by itself
    """The process could not do its part."""

    retryable: ClassVar[bool] = False


class ConfigurationError(RuntimeFault):
    """The settings cannot work together; the message names what to set."""


class StoreUnavailableError(RuntimeFault):
    """The database gave no answer; nothing was written, the same call may succeed later."""

    retryable = True


class StoreRefusedError(RuntimeFault):
    """The database will not hold what was to be written, or not do what it was told.

    It tells the kind and the statement, never the values: PostgreSQL's own words quote whole rows.
    """


class ValueRefusedError(StoreRefusedError):
    """A value is one that the database cannot hold, such as a text with NUL in PostgreSQL."""


class StaleLeaseError(RuntimeFault):
    """A shard was lost to another worker: what was to be written is refused."""


class TakenOverError(RuntimeFault):
    """A person took the conversation over: what the bot was about to say is not said."""


class NotFoundError(RuntimeFault):
    """There is nothing of that name here, or it is another brand's."""


class EventsGoneError(RuntimeFault):
    """Events asked for are not kept any more: what was said stands in the messages."""


class VaultError(RuntimeFault):
    """A sealed value cannot be opened: another master key, another place, or altered."""
