"""Documents into a brand's index."""

from pathlib import Path

from knowledge.ingest import IngestOptions, IngestReport, ingest_folder
from runtime.container import build
from runtime.process import prepare
from runtime.settings import Settings
from runtime.store.accounts import Brands


async def import_folder(
    settings: Settings, folder: Path, brand: str, base: str, *, remove_missing: bool = False
) -> IngestReport:
    """Import a folder of documents into a knowledge base of a brand.

    With `remove_missing`, documents of the base that are no longer in the folder are taken out.

    Raises:
        NotFoundError: There is no such brand.
        KnowledgeError: The index cannot be written.
    """
    async with build(settings) as container:
        await prepare(container)
        async with container.database.read() as session:
            found = await Brands(session).get(brand)
        return await ingest_folder(
            folder,
            base,
            container.index(found),
            container.embedder,
            options=IngestOptions(remove_missing=remove_missing),
        )
