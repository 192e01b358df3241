"""The demo brand, with its documents in the index."""

from importlib.resources import files
from pathlib import Path

from knowledge.ingest import IngestOptions, IngestReport, ingest_folder
from runtime.container import Container
from runtime.errors import NotFoundError
from runtime.store.accounts import Brand, Brands

SLUG = "demo"
NAME = "岫棠里"
_BASE = "main"
_NOT_KNOWLEDGE = ("README.md", "questions.csv")


async def seed(container: Container) -> tuple[Brand, IngestReport]:
    """Make sure that the brand is there and its documents are indexed; what is there is kept."""
    async with container.database.begin() as session:
        brands = Brands(session)
        try:
            brand = await brands.get(SLUG)
        except NotFoundError:
            brand = await brands.add(slug=SLUG, name=NAME, at=container.now())
    options = IngestOptions(skip=_NOT_KNOWLEDGE)
    index = container.index(brand)
    report = await ingest_folder(documents(), _BASE, index, container.embedder, options=options)
    return brand, report


def documents() -> Path:
    """Give the folder of the brand's documents."""
    return Path(str(files("runtime.demo") / "brand"))
