from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from labelling.errors import ProducerCodeInvalidError
from labelling.identity import DUMMY_CODE
from runtime.container import build, check
from runtime.errors import ConfigurationError
from runtime.settings import (
    DatabaseSettings,
    Environment,
    HttpSettings,
    LabellingSettings,
    ModelSettings,
    QueueSettings,
    SecuritySettings,
    Settings,
    VectorSettings,
)

# A published sample of TC260-PG-20252A; its credit code has a valid check digit.
REAL_CODE = "001191110102MAD55U9H0F10002"


def production(**changes: object) -> Settings:
    values: dict[str, object] = {
        "environment": Environment.PRODUCTION,
        "database": DatabaseSettings(url="postgresql+psycopg://db/zhanggui"),
        "queue": QueueSettings(redis_url="redis://queue"),
        "vectors": VectorSettings(url="http://vectors:6333"),
        "model": ModelSettings(api_key=SecretStr("key")),
        "labelling": LabellingSettings(producer_code=REAL_CODE),
        "security": SecuritySettings(master_key=SecretStr("a2V5")),
    }
    return Settings.model_validate({**values, **changes})


class TestSettings:
    def test_an_empty_environment_is_all_embedded(self) -> None:
        assert Settings().embedded == ("database", "queue", "vectors", "model")

    def test_a_setting_is_read_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZHANGGUI_HTTP__PORT", "9000")

        assert Settings().http == HttpSettings(port=9000)

    def test_an_unknown_name_in_a_group_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZHANGGUI_HTTP__PROT", "9000")

        with pytest.raises(ValidationError):
            Settings()


class TestCheck:
    def test_production_with_servers_for_everything_is_taken(self) -> None:
        check(production())

    @pytest.mark.parametrize(
        ("changes", "missing"),
        [
            ({"database": DatabaseSettings()}, "ZHANGGUI_DATABASE__URL"),
            ({"queue": QueueSettings()}, "ZHANGGUI_QUEUE__REDIS_URL"),
            ({"vectors": VectorSettings()}, "ZHANGGUI_VECTORS__URL"),
            ({"model": ModelSettings()}, "ZHANGGUI_MODEL__API_KEY"),
            ({"labelling": LabellingSettings()}, "ZHANGGUI_LABELLING__PRODUCER_CODE"),
            ({"security": SecuritySettings()}, "ZHANGGUI_SECURITY__MASTER_KEY"),
        ],
    )
    def test_production_names_what_is_missing(
        self, changes: dict[str, object], missing: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=missing):
            check(production(**changes))

    def test_production_refuses_the_dummy_code(self) -> None:
        settings = production(labelling=LabellingSettings(producer_code=DUMMY_CODE))

        with pytest.raises(ConfigurationError, match="dummy"):
            check(settings)


class TestBuild:
    async def test_a_wrong_provider_code_refuses_to_start(self, tmp_path: Path) -> None:
        wrong = LabellingSettings(producer_code=REAL_CODE[:-5] + "X0002")
        settings = Settings(data=tmp_path, labelling=wrong)

        with pytest.raises(ProducerCodeInvalidError):
            async with build(settings):
                pass

    async def test_a_master_key_file_is_made_once(self, tmp_path: Path) -> None:
        settings = Settings(data=tmp_path)
        async with build(settings):
            pass
        key = (tmp_path / "master.key").read_bytes()

        async with build(settings):
            pass

        assert (tmp_path / "master.key").read_bytes() == key
        assert (tmp_path / "master.key").stat().st_mode & 0o077 == 0
