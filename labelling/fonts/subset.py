"""Make the font of the marks: `python -m labelling.fonts.subset NotoSansCJK-Regular.ttc`.

The source is Debian's package `fonts-noto-cjk` (SIL Open Font License 1.1, `OFL.txt` beside this
file). The outlines and their hints are taken over as they are; the signs are those of our wordings.
Needs fonttools, which only the development environment has. Made from its own result, the font
comes out the same, byte for byte, which is how it is tested where Debian's package is missing.
"""

import io
import sys
from pathlib import Path

# fontTools ships no types.
from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from labelling.glyphs import FONT_PATH, SIGNS

_SIMPLIFIED_CHINESE = 2
"""Which font of the collection is drawn for Simplified Chinese."""


def subset(source: Path) -> bytes:
    """Give a font of our signs alone, from a font or a collection that has them."""
    options = Options()
    options.layout_features = ["kern"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.desubroutinize = True
    font = TTFont(source, fontNumber=_SIMPLIFIED_CHINESE, recalcTimestamp=False)
    shrinking = Subsetter(options)
    shrinking.populate(text=SIGNS)
    shrinking.subset(font)
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


def main(arguments: list[str]) -> None:
    """Write the font beside this file, or where a second argument says."""
    source, *target = map(Path, arguments)
    (target[0] if target else FONT_PATH).write_bytes(subset(source))


if __name__ == "__main__":  # pragma: no cover - a process of its own
    main(sys.argv[1:])
