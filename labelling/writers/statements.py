"""Telling a notice that a writer wrote from a sentence that speaks of AI."""

import re

from labelling.wording import compliant, folded

_STATEMENT = re.compile(
    r"(?:内容|以上内容|以下内容|本内容)?(?:可能|疑似)?由?(?:AI|人工智能)(?:生成合成|生成|合成)"
    r"(?:作者声明|仅供参考)?"
)


def statement(words: str) -> str | None:
    """Give the words, without space around them, if they are a notice and nothing else."""
    bare = words.strip()
    return bare if compliant(bare) and _STATEMENT.fullmatch(folded(bare)) else None
