"""The explicit label in words: a statement that what it stands with was made by AI."""

import re
from collections.abc import Iterable, Iterator

from labelling.wording import folded

_BRACKETED = re.compile(r"[（(【\[]([^（()）【】\[\]\n]{2,40})[）)】\]]")
_LONGEST_NOTICE = 40
_MATTER = (
    "内容|回答|回复|答复|消息|信息|文字|文本|文章|摘要|图片|图像|图|照片|音频|语音|视频|结果|作品"
    "|文档|文件|演示文稿|表格|报告|数据"
)
# A notice is a statement about what it stands with, in any of the words seen in use. A sentence
# that speaks of AI and of generating, such as a customer's question about it, is not one.
_STATEMENT = re.compile(
    rf"(?:(?:以下|以上|上述|本|此|该)?[条段篇次]?(?:部分)?(?:{_MATTER}))?"
    r"(?:可能|疑似|均|全部|部分)?[为是系]?(?:[由经]\w{0,8}?)?"
    r"(?:AI|人工智能)(?:GC|大模型|模型|助手|智能体|技术|自动|辅助)*(?:生成|合成){1,2}"
    rf"的?(?:{_MATTER})?(?:(?:仅供参考|请|注意|谨慎)\w{{0,16}})?"
)


def notice(text: str) -> str | None:
    """Find the notice at the end or the start of a text (GB 45438-2025 §5.1)."""
    return next((words for words in _candidates(text) if stated(words)), None)


def notice_among(texts: Iterable[str]) -> str | None:
    """Find a piece of text that is nothing but a notice, or begins or ends with one."""
    return next((words for text in texts if (words := notice(text.strip()))), None)


def stated(words: str) -> bool:
    """Tell whether words are nothing but a notice."""
    return bool(_STATEMENT.fullmatch(folded(words)))


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
