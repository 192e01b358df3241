import re
from pathlib import Path

import pytest

from agents.turn import Phrase
from runtime.api.errors import STATUSES
from runtime.cli import notary
from runtime.messages.catalogue import LOCALES, Catalogue


class TestCatalogue:
    @pytest.mark.parametrize("locale", LOCALES)
    def test_every_phrase_an_agent_can_name_has_words(self, locale: str) -> None:
        catalogue = Catalogue.load(locale)

        assert all(catalogue.text(f"phrase.{phrase.value}", brand="岫棠里") for phrase in Phrase)

    @pytest.mark.parametrize("locale", LOCALES)
    def test_every_error_has_words(self, locale: str) -> None:
        catalogue = Catalogue.load(locale)

        assert all(catalogue.text(f"error.{code}") for _, code in STATUSES.values())

    def test_all_languages_have_the_same_keys(self) -> None:
        assert len({Catalogue.load(locale).keys for locale in LOCALES}) == 1

    def test_every_key_is_used(self) -> None:
        all_keys = Catalogue.load("zh").keys
        used = {f"phrase.{phrase.value}" for phrase in Phrase}
        used |= {f"error.{code}" for _, code in STATUSES.values()}
        used |= {"answer.sources"}
        source = Path(notary.__file__).read_text(encoding="utf-8")
        used |= {f"notary.{key}" for key in re.findall(r"[\"']([a-z]+)[\"']", source)} & all_keys

        assert all_keys == used

    def test_an_unknown_language_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no catalogue 'fr'"):
            Catalogue.load("fr")
