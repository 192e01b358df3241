"""Every table, imported, so that the metadata is whole."""

from sqlalchemy import MetaData

from runtime.store.tables import (
    audit,
    brands,
    conversations,
    customers,
    evidence,
    outputs,
    waivers,
)
from runtime.store.tables.base import Table

_SUBJECTS = (audit, brands, conversations, customers, evidence, outputs, waivers)


def metadata() -> MetaData:
    """Give the schema as the code sees it."""
    return Table.metadata
