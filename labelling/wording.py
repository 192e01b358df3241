"""The words of the explicit label, and the check that they hold both elements."""

import re
import unicodedata

from labelling.errors import LabelMissingError

NOTICE = "内容由AI生成"
"""The wording of the explicit label (GB 45438-2025 §5, both elements in seven characters)."""

TEXT_NOTICE = f"（{NOTICE}）"
"""The wording as it stands at the end of a message."""

INTERFACE_NOTICE = f"{NOTICE}，仅供参考"
"""The wording that a front of our own shows all the time (GB 45438-2025 §5.6)."""

_AI_ELEMENT = re.compile(r"人工智能|AI")
_GENERATION_ELEMENT = re.compile(r"生成|合成")
_NOT_A_WORD = re.compile(r"[\W_]+")


def compliant(words: str) -> bool:
    """Tell whether words name AI (`人工智能` or `AI`) and generation (`生成` or `合成`).

    Width, case, spaces and punctuation do not matter. `AIGC`, `AI创作` or a bare `AI` do not pass.
    """
    bare = folded(words)
    return bool(_AI_ELEMENT.search(bare) and _GENERATION_ELEMENT.search(bare))


def folded(words: str) -> str:
    """Give words in one width and in capitals, without spaces and punctuation."""
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", words)).upper()


def checked(words: str) -> str:
    """Give the words back if they may serve as an explicit label.

    Raises:
        LabelMissingError: One of the two elements is missing.
    """
    if not compliant(words):
        msg = f"{words!r} is no explicit label: it must name AI (or 人工智能) and 生成 (or 合成)"
        raise LabelMissingError(msg)
    return words
