"""One tolerant reader of labels, apart from the writers: it checks what they did."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.wording import folded

_BRACKETED = re.compile(r"[（(【\[]([^（()）【】\[\]\n]{2,40})[）)】\]]")
_LONGEST_NOTICE = 40
_MATTER = (
    "内容|回答|回复|答复|消息|信息|文字|文本|文章|摘要|图片|图像|图|照片|音频|语音|视频|结果|作品"
)
# A notice is a statement about what it stands with, in any of the words seen in use. A sentence
# that speaks of AI and of generating, such as a customer's question about it, is not one.
_STATEMENT = re.compile(
    rf"(?:(?:以下|以上|上述|本|此|该)?[条段篇次]?(?:部分)?(?:{_MATTER}))?"
    r"(?:可能|疑似|均|全部|部分)?[为是系]?(?:[由经]\w{0,8}?)?"
    r"(?:AI|人工智能)(?:GC|大模型|模型|助手|智能体|技术|自动|辅助)*(?:生成|合成){1,2}"
    rf"的?(?:{_MATTER})?(?:(?:仅供参考|请|注意|谨慎)\w{{0,16}})?"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a piece of content."""

    explicit: str | None
    """The wording of the explicit label, as it stands there."""


def read(media_type: MediaType, content: bytes) -> Reading:
    """Look for labels.

    Raises:
        UnsupportedMediaError: This medium cannot be read yet.
    """
    if media_type is not MediaType.TEXT:
        msg = f"labels in {media_type.value!r} cannot be read yet"
        raise UnsupportedMediaError(msg)
    return Reading(explicit=_notice(content.decode(errors="replace").strip()))


def _notice(text: str) -> str | None:
    """Find the notice at the end or the start of a text (GB 45438-2025 §5.1)."""
    return next((words for words in _candidates(text) if _STATEMENT.fullmatch(folded(words))), None)


def _candidates(text: str) -> Iterator[str]:
    brackets = [
        found
        for found in _BRACKETED.finditer(text)
        if not found.start() or found.end() == len(text)
    ]
    yield from (found[1] for found in reversed(brackets))
    # A notice without brackets has a line of its own.
    lines = text.splitlines()
    yield from (line for line in (*lines[-1:], *lines[:1]) if len(line) <= _LONGEST_NOTICE)
