"""Texts by key and language; Chinese first."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Self

LOCALES = ("zh", "en")


class Catalogue:
    """The texts of one language."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    @classmethod
    def load(cls, locale: str) -> Self:
        """Read a language's catalogue.

        Raises:
            ValueError: There is none of that language.
        """
        if locale not in LOCALES:
            msg = f"there is no catalogue {locale!r}; there are {', '.join(LOCALES)}"
            raise ValueError(msg)
        raw = (files("runtime.messages") / f"{locale}.toml").read_text(encoding="utf-8")
        return cls(
            {
                f"{section}.{name}": text
                for section, texts in tomllib.loads(raw).items()
                for name, text in texts.items()
            }
        )

    def text(self, key: str, **values: str) -> str:
        """Give a text with its values filled in.

        Raises:
            KeyError: The catalogue lacks the key; a test keeps that from happening.
        """
        return self._texts[key].format(**values)

    @property
    def keys(self) -> frozenset[str]:
        """Every key there is."""
        return frozenset(self._texts)
