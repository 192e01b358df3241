"""What may be set for an account, and what is refused at start."""

from datetime import timedelta

import pytest

from channels.douyin.openplatform import DouyinChannel
from channels.douyin.settings import OpenPlatformSettings
from tests.channels.douyin.shop import account, front


def test_must_34_defaults_are_the_platforms_own() -> None:
    settings = OpenPlatformSettings.of(account())

    assert settings.api_base == "https://open.douyin.com"
    assert settings.windows.message == timedelta(hours=24)
    assert settings.windows.entrance == timedelta(seconds=30)


@pytest.mark.parametrize("name", sorted(DouyinChannel.settings))
def test_must_34_a_front_without_a_setting_does_not_start(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        front({name: ""})


@pytest.mark.parametrize("name", sorted(DouyinChannel.secrets))
def test_must_03_a_front_without_a_secret_does_not_start(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        front(secrets={name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_age_hours", "0"),
        ("max_age_hours", "a day"),
        ("max_age_hours", "1e300"),
        ("max_age_hours", ""),
        ("enter_window_seconds", "-30"),
        ("enter_window_seconds", "1000"),
        ("api_base", ""),
        ("api_base", "open.douyin.com"),
        ("api_base", "ftp://open.douyin.com"),
        ("api_base", "https://open.douyin.com/?a=1"),
        ("api_base", "https://open.douyin.com:port"),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"'shop-1': '{name}' must be"):
        front({name: value})


@pytest.mark.parametrize("until", ["", "soon", "2026-01-31T00:00"])
def test_should_44_a_former_secret_needs_an_end_with_its_zone(until: str) -> None:
    with pytest.raises(ValueError, match="previous_client_secret_until"):
        front({"previous_client_secret_until": until}, {"previous_client_secret": "former"})


def test_must_23_no_secret_shows_when_the_settings_are_printed() -> None:
    settings = OpenPlatformSettings.of(
        account(
            {"previous_client_secret_until": "2026-01-31T00:00Z"},
            {"previous_client_secret": "former-secret"},
        )
    )

    printed = repr(settings)

    assert not [word for word in ("conformance", "rft.sample", "former-secret") if word in printed]
