"""Which writers label which medium, in order: the one registry."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from labelling.content import MediaType
from labelling.writers.base import LabelWriter
from labelling.writers.text import TextNoticeWriter

# Order is physics: what changes pixels first, metadata next, a manifest that hashes both last.
# A medium without a chain is refused by the stage, never passed through.
CHAINS: Final[Mapping[MediaType, tuple[LabelWriter, ...]]] = MappingProxyType(
    {MediaType.TEXT: (TextNoticeWriter(),)}
)
