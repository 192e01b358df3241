"""Patterns that are data: TOML files beside the module that reads them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


@cache
def read_patterns(package: str, name: str) -> Mapping[str, Any]:
    """Read a pattern file of a package, once a process."""
    content = files(package).joinpath(name).read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(content))
