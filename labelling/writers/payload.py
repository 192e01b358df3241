"""The `AIGC` value as it stands in metadata."""

import json
import re

from labelling.errors import LabellingError
from labelling.output import Aigc

KEY = "AIGC"
"""The name of the metadata field, in every container."""

_ALLOWED = re.compile(r"[!-~]*")


def compact(aigc: Aigc) -> str:
    """Give the value as JSON: seven strings in the standard's order, no spaces, ASCII.

    Raises:
        LabellingError: A value holds what Annex E j) does not allow: a space, a control character
            or anything beyond ASCII.
    """
    fields = aigc.as_dict()
    for key, value in fields.items():
        if not _ALLOWED.fullmatch(value):
            msg = f"{key!r} of the label holds characters outside 0x21 to 0x7E"
            raise LabellingError(msg)
    return json.dumps(fields, separators=(",", ":"))
