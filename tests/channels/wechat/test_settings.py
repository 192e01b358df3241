"""What an account may be set to, and what is refused by name."""

import pytest

from channels.wechat.settings import MiniProgramSettings, PushMode
from channels.wechat.wire import PushFormat
from tests.channels.wechat.kit import AES_KEY, APP_SECRET, TOKEN, account, channel


class TestDefaults:
    def test_nothing_set_is_safe_mode_json_and_the_real_platform(self) -> None:
        settings = MiniProgramSettings.of(account())

        assert settings.mode is PushMode.SAFE
        assert settings.format is PushFormat.JSON
        assert settings.api_base == "https://api.weixin.qq.com"
        assert settings.max_skew_seconds == 300
        assert not settings.transfer_to_staff
        assert len(settings.keys) == 1

    def test_what_is_declared_as_needed_is_enough(self) -> None:
        front = channel()

        assert front.settings == {"appid"}
        assert front.secrets == {"token", "encoding_aes_key", "app_secret"}

    def test_a_slash_at_the_end_of_the_address_does_not_matter(self) -> None:
        settings = MiniProgramSettings.of(account({"api_base": "http://127.0.0.1:8000/wechat/"}))

        assert settings.api_base == "http://127.0.0.1:8000/wechat"


class TestMalformed:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("appid", ""),
            ("appid", "gh_97417a04a28d"),
            ("appid", "wxba5fad812f8e6fb9\n"),
            ("original_id", "wxba5fad812f8e6fb9"),
            ("mode", "SAFE"),
            ("mode", "aes"),
            ("format", "yaml"),
            ("api_base", ""),
            ("api_base", "api.weixin.qq.com"),
            ("api_base", "ftp://api.weixin.qq.com"),
            ("api_base", "https://api.weixin.qq.com?x=1"),
            ("api_base", "https://api.weixin.qq.com:port"),
            ("max_skew_seconds", "-1"),
            ("max_skew_seconds", "５"),
            ("transfer_to_staff", "yes"),
        ],
    )
    def test_a_malformed_setting_is_refused_by_name(self, name: str, value: str) -> None:
        with pytest.raises(ValueError, match=f"'shop-1'.*{name!r}"):
            MiniProgramSettings.of(account({name: value}))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("token", ""),
            ("token", "ab"),
            ("token", "with blank"),
            ("encoding_aes_key", AES_KEY + "A"),
            ("encoding_aes_key", AES_KEY[:-1] + "="),
            ("app_secret", ""),
            ("app_secret", "two words"),
            ("previous_token", "ab"),
            ("previous_encoding_aes_key", "short"),
        ],
    )
    def test_m38_a_malformed_secret_is_refused_by_name_and_not_shown(
        self, name: str, value: str
    ) -> None:
        with pytest.raises(ValueError, match=f"'shop-1'.*{name!r}") as caught:
            MiniProgramSettings.of(account(secrets={name: value}))

        assert not value or value not in str(caught.value)

    def test_m38_settings_do_not_show_their_secrets(self) -> None:
        shown = repr(MiniProgramSettings.of(account()))

        assert not any(secret in shown for secret in (TOKEN, AES_KEY, APP_SECRET))


class TestRotation:
    def test_a_former_pair_is_kept_beside_the_present_one(self) -> None:
        former = {"previous_token": "BBBBB", "previous_encoding_aes_key": "B" * 43}

        settings = MiniProgramSettings.of(account(secrets=former))

        assert [keys.token.get_secret_value() for keys in settings.keys] == [TOKEN, "BBBBB"]
