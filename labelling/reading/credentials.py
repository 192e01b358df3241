"""Content Credentials (C2PA): whether a manifest holds; never by network."""

import json
from dataclasses import dataclass
from pathlib import Path

from c2pa import C2paError, Context, Reader, Settings

from labelling.content import MANIFEST_MEDIA, MediaType

# What the library reads: all that a manifest can be written into, and these.
_READ = MANIFEST_MEDIA | {
    MediaType.AVI,
    MediaType.DOCX,
    MediaType.XLSX,
    MediaType.PPTX,
    MediaType.ODT,
    MediaType.ODS,
    MediaType.ODP,
    MediaType.EPUB,
}
_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the manifest store of a file is worth."""

    state: str
    """`Valid`, `Trusted` or `Invalid`; `Unreadable` where the library could not say."""
    codes: tuple[str, ...] = ()
    """What the library found wrong with it."""


def validate(media_type: MediaType, path: Path) -> Credentials | None:
    """Check a file's manifest store against its bytes; None where there is none to check."""
    if media_type not in _READ:
        return None
    try:
        with (
            path.open("rb") as stream,
            Context(Settings.from_dict(_OFFLINE)) as context,
            Reader(media_type.value, stream, context=context) as reader,
        ):
            found = json.loads(reader.json())
    except C2paError.ManifestNotFound:
        return None
    except (C2paError, ValueError) as error:
        return Credentials("Unreadable", (type(error).__name__.lstrip("_"),))
    codes = {str(status.get("code")) for status in found.get("validation_status", ())}
    return Credentials(str(found.get("validation_state", "Invalid")), tuple(sorted(codes)))
