"""For every rule, lines that break it and lines that keep it, each with the file it stands in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Examples = Mapping[str, tuple[tuple[str, str], ...]]
"""By the name of the rule: (path, text)."""

_LINE = "x = 1\n"

BROKEN: Final[Examples] = MappingProxyType(
    {
        "banner": (
            ("agents/a.py", "# ---------- helpers ----------\n"),
            ("agents/a.py", "# Step 1: read\n"),
            ("agents/a.py", "# helpers ==========\n"),
        ),
        "built-on-import": (
            ("agents/a.py", "http = httpx.AsyncClient()\n"),
            ("runtime/a.py", "engine = create_async_engine(url)\n"),
            ("agents/a.py", "GRAPH = builder.compile()\n"),
            ("agents/a.py", "graph = StateGraph(State)\n"),
            ("runtime/a.py", "settings = Settings()\n"),
            ("runtime/a.py", "class A:\n    redis = Redis.from_url(url)\n"),
            ("runtime/a.py", "def f(pool=ThreadPoolExecutor()):\n    return pool\n"),
            ("runtime/a.py", "if True:\n    app = FastAPI()\n"),
            ("tests/a.py", "@wrap(create_app(None))\ndef f(): ...\n"),
        ),
        "clock": (
            ("runtime/a.py", "at = datetime.now(UTC)\n"),
            ("tests/a.py", "at = datetime.datetime.utcnow()\n"),
            ("channels/a.py", "def f(now=time.time): ...\n"),
            ("channels/a.py", "today = date.today()\n"),
        ),
        "commit": (
            ("runtime/a.py", "async def f(session):\n    await session.commit()\n"),
            ("runtime/a.py", "self._session.commit()\n"),
        ),
        "delivery-hook": (
            ("runtime/a.py", "await front._post(part, to, key)\n"),
            ("channels/x/a.py", "await self._push(event, to, ())\n"),
        ),
        "file-length": (
            ("agents/a.py", _LINE * 401),
            ("tests/a.py", _LINE * 401),
            ("migrations/env.py", _LINE * 401),
        ),
        "human-origin": (
            ("agents/a.py", "Draft(parts, Origin.HUMAN)\n"),
            ("channels/a.py", "o = content.Origin.HUMAN\n"),
            ("agents/a.py", "o = Origin('human')\n"),
        ),
        "init-docstring": (
            ("agents/__init__.py", '"""What lives here."""\n\nfrom agents.run import run_turn\n'),
            ("agents/__init__.py", '__version__ = "1"\n'),
            ("agents/__init__.py", ""),
        ),
        "label-record": (
            ("runtime/a.py", "record = LabelRecord(output_id=i)\n"),
            ("runtime/store/a.py", "parts = [output.PartRecord(**row)]\n"),
        ),
        "print": (
            ("runtime/a.py", "print('hello')\n"),
            ("bench/a.py", "pprint.pprint(figures)\n"),
            ("bench/a.py", "sys.stdout.write('x')\n"),
        ),
        "restored-event": (
            ("runtime/a.py", "event = stage.restore_event(text=text)\n"),
            ("channels/a.py", "stage.restore_event(text=text)\n"),
        ),
        "seal": (
            ("channels/a.py", "from labelling._seal import SEAL\n"),
            ("runtime/a.py", "from labelling import _seal\n"),
            ("runtime/a.py", "import labelling._seal\n"),
            ("channels/a.py", "from labelling.output import _SEAL\n"),
            ("channels/a.py", "from labelling.output import _Seal\n"),
            ("runtime/a.py", "output = object.__new__(LabelledOutput)\n"),
            ("tests/labelling/a.py", "object.__setattr__(output, 'parts', ())\n"),
        ),
        "sleep": (
            ("tests/a.py", "time.sleep(1)\n"),
            ("tests/a.py", "async def test():\n    await asyncio.sleep(0.1)\n"),
            ("tests/a.py", "from time import sleep\n"),
            ("tests/a.py", "page.wait_for_timeout(100)\n"),
        ),
        "todo-issue": (
            ("agents/a.py", "x = 1  # TODO: later\n"),
            ("tests/a.py", "# FIXME this is wrong\n"),
        ),
        "user-text": (
            ("runtime/a.py", 'text = "系统繁忙，请稍后再试"\n'),
            ("channels/x/a.py", 'text = "签名校验未通过"\n'),
            ("agents/service/nodes.py", 'f"{text}\\n来源：{title}"\n'),
            ("agents/a.py", 'def f(text="好的。"): ...\n'),
        ),
        "waiver": (
            (
                "runtime/pipeline.py",
                "waiver = Waiver(agreement='1', identity='c')\n",
            ),
            ("agents/a.py", "policy.Waiver('1', 'c', 'c')\n"),
        ),
    }
)

KEPT: Final[Examples] = MappingProxyType(
    {
        "banner": (
            ("agents/a.py", "# WeChat answers twice -- see its page.\n"),
            ("agents/a.py", 'x = "# ------------"\n'),
        ),
        "built-on-import": (
            ("agents/a.py", "def f():\n    return httpx.AsyncClient()\n"),
            ("agents/a.py", "class A:\n    def f(self):\n        return Redis.from_url(url)\n"),
            ("agents/a.py", "P = re.compile('x')\nT = TypeAdapter(dict)\n"),
            ("runtime/a.py", "make = lambda: create_engine(url)\n"),
            ("runtime/a.py", "class S:\n    model_config = SettingsConfigDict(frozen=True)\n"),
            (
                "bench/__main__.py",
                "if __name__ == '__main__':\n    main(Settings())\n",
            ),
        ),
        "clock": (
            ("runtime/clock.py", "def now():\n    return datetime.now(UTC)\n"),
            ("runtime/a.py", "at = self._now()\nms = time.monotonic()\n"),
            ("agents/a.py", "at = state.now\n"),
        ),
        "commit": (
            ("runtime/a.py", "async with sessions.begin() as session:\n    await commit_group()\n"),
        ),
        "delivery-hook": (
            ("channels/base.py", "await self._post(part, to, key)\n"),
            ("channels/x/a.py", "async def _post(self, part, to, key): ...\n"),
            ("channels/x/a.py", "await self._outlet.push(part, to)\n"),
        ),
        "file-length": (
            ("agents/a.py", _LINE * 400),
            ("migrations/versions/0001.py", _LINE * 401),
            ("tests/channels/x/payloads/a.py", _LINE * 401),
        ),
        "human-origin": (
            ("runtime/a.py", "Draft(parts, Origin.HUMAN)\n"),
            ("agents/a.py", "state = ConversationState.HUMAN\norigin = Origin.GENERATED\n"),
        ),
        "init-docstring": (
            ("agents/__init__.py", '"""What lives here."""\n'),
            ("agents/a.py", "import os\n"),
        ),
        "label-record": (
            ("labelling/stage.py", "record = LabelRecord(output_id=i)\n"),
            ("runtime/store/a.py", "record = TypeAdapter(LabelRecord).validate_python(row)\n"),
        ),
        "print": (("runtime/a.py", "console().print('hello')\nself._print(scene)\n"),),
        "restored-event": (("runtime/outlet.py", "event = stage.restore_event(text=text)\n"),),
        "seal": (
            ("labelling/stage.py", "from labelling._seal import SEAL\n"),
            ("channels/a.py", "from labelling.output import LabelledOutput\n"),
            ("channels/a.py", "def __new__(cls):\n    return super().__new__(cls)\n"),
        ),
        "sleep": (
            ("tests/a.py", "async def test():\n    await asyncio.sleep(0)\n"),
            ("tests/a.py", "async def test(sleep):\n    await sleep(1)\n"),
            ("runtime/a.py", "async def f():\n    await asyncio.sleep(5)\n"),
        ),
        "todo-issue": (
            ("agents/a.py", "x = 1  # TODO: later, #123\n"),
            ("agents/a.py", "x = 'TODO'\n"),
        ),
        "user-text": (
            ("agents/a.py", '"""返回一句话。"""\n'),
            ("agents/a.py", 'class A:\n    HAND_OFF = "x"\n    """转人工客服时说的话。"""\n'),
            ("agents/a.py", 'P = re.compile("人工客服|转人工")\n'),
            ("agents/a.py", 'number = r"[一二三四五六七八九十百千万两半零]+"\n'),
            ("agents/a.py", 'NUMERALS = "零一二三四五六七八九"\nUNIT = "元"\n'),
            ("agents/a.py", 'detail = f"(?:[,，]附?{number})"\n'),
            ("agents/service/prompts.py", 'SYSTEM = "你是客服助手。"\n'),
            ("simulators/a.py", 'message = "签名校验未通过"\n'),
            ("tests/a.py", 'text = "系统繁忙，请稍后再试"\n'),
        ),
        "waiver": (
            ("runtime/store/waivers.py", "return Waiver(**row)\n"),
            ("runtime/pipeline.py", "def f(waiver: Waiver | None): ...\n"),
        ),
    }
)
