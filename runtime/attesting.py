"""The audit log as evidence: taken on behind the hot path, signed once a day and on demand."""

from datetime import timedelta
from typing import TYPE_CHECKING

from runtime.errors import StoreRefusedError
from runtime.labels import head_signer
from runtime.logging import get_logger
from runtime.store.evidence import Evidence

if TYPE_CHECKING:
    from labelling.evidence.heads import SignedHead
    from runtime.container import Container

_SIGNED_EVERY = timedelta(days=1)
log = get_logger(__name__)


async def attest(container: "Container") -> None:
    """Take on what is new, and sign the log where its last head is a day old.

    Raises:
        StoreUnavailableError: The database is away; the next call goes on.
    """
    await take_on(container)
    async with container.database.read() as session:
        last = await Evidence(session).last_head()
        size = await Evidence(session).size()
    if size and (last is None or container.now() - last >= _SIGNED_EVERY):
        await sign(container)


async def take_on(container: "Container") -> int:
    """Append every audit entry that is not in the log yet; give how many were.

    Raises:
        StoreUnavailableError: The database is away; the next call goes on.
    """
    total = 0
    try:
        while True:
            async with container.database.begin() as session:
                taken = await Evidence(session).append()
            total += taken
            if not taken:
                return total
    except StoreRefusedError:
        # Another process appended the same entries in the same moment: they are in the log.
        return total


async def sign(container: "Container") -> "SignedHead | None":
    """Sign the log as it is now; None where no key is set.

    Raises:
        ConfigurationError: The key's file cannot be read.
        HeadError: It is no key for Ed25519.
    """
    signer = head_signer(container.settings)
    if signer is None:
        log.warning("evidence_not_signed")
        return None
    async with container.database.begin() as session:
        return await Evidence(session).sign(
            signer, log=container.settings.labelling.evidence_log, at=container.now()
        )
