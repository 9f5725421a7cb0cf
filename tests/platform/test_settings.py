"""A setting that makes no sense stops the start, with a sentence that names it."""

from pathlib import Path

import pytest

from zhixun.settings import Settings, SettingsError, unknown_names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/zhixun"),
        ("PUBLIC_URL", "consult.example.com"),
        ("PUBLIC_URL", "https://"),
        ("SECRET_KEY", "short"),
        ("REALTIME_HUB", "pigeons"),
        ("SEARCH_INDEX", "memory"),
        ("MAILER", "smoke"),
        ("PAYMENT_GATEWAYS", "sandbox,barter"),
        ("PAYMENT_GATEWAYS", ","),
        ("SMTP_TLS", "sometimes"),
        ("SMTP_PORT", "a port"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("TURN_URLS", "relay.example.com"),
        ("TURN_SECRET", "a secret for no relay"),
        ("TURN_ONLY", "on"),
        ("STUN_URLS", "turn:relay.example.com"),
        ("RATE_LIMITS", "perhaps"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("POSTGRES_BIN", "/no/such/folder"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"ZHIXUN_{name}"):
        Settings.from_environment({f"ZHIXUN_{name}": value})


def test_a_model_of_ones_own_needs_an_address_and_a_name() -> None:
    given = {"ZHIXUN_TEXT_MODEL": "openai"}
    with pytest.raises(SettingsError, match="ZHIXUN_TEXT_MODEL_URL"):
        Settings.from_environment(given)
    given["ZHIXUN_TEXT_MODEL_URL"] = "https://models.example.com/v1"
    with pytest.raises(SettingsError, match="ZHIXUN_TEXT_MODEL_NAME"):
        Settings.from_environment(given)
    given |= {"ZHIXUN_TEXT_MODEL_NAME": "small", "ZHIXUN_TEXT_MODEL_KEY": "sk-secret"}
    settings = Settings.from_environment(given)
    assert settings.text_model_name == "small"
    assert "sk-secret" not in repr(settings)


@pytest.mark.parametrize("workers", [0, -1, 65])
def test_the_number_of_workers_has_limits(workers: int) -> None:
    with pytest.raises(SettingsError, match="--workers must be between 1 and 64"):
        Settings.from_environment({}, workers=workers)


def test_several_workers_need_a_hub_that_reaches_them_all() -> None:
    with pytest.raises(SettingsError, match="ZHIXUN_REALTIME_HUB=postgres"):
        Settings.from_environment({}, workers=2)
    assert Settings.from_environment({"ZHIXUN_REALTIME_HUB": "postgres"}, workers=2).workers == 2


def test_the_command_line_wins_over_the_environment_and_empty_means_not_given() -> None:
    environment = {"ZHIXUN_DATA_DIR": "/srv/a", "ZHIXUN_MAILER": "", "ZHIXUN_RATE_LIMITS": "off"}
    assert Settings.from_environment(environment, data_dir=Path("/srv/b")).data_dir == Path("/srv/b")
    found = Settings.from_environment(environment, data_dir=None)
    assert (found.data_dir, found.mailer, found.rate_limits) == (Path("/srv/a"), "console", False)


def test_lists_may_have_blanks() -> None:
    found = Settings.from_environment({"ZHIXUN_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    assert found.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


def test_a_misspelt_setting_is_noticed() -> None:
    given = {"ZHIXUN_DATABSE_URL": "x", "ZHIXUN_MAILER": "console", "ZHIXUN_TEST_SERVER": "y", "PATH": "z"}
    assert unknown_names(given) == ["ZHIXUN_DATABSE_URL"]


def test_the_secret_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    made = settings.key()
    assert len(made) >= 48
    assert Settings(data_dir=tmp_path / "var").key() == made
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o077 == 0
    assert made not in repr(Settings(secret_key=made))


def test_settings_reach_the_processes_we_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHIXUN_HANDED_ON", "")
    settings = Settings(data_dir=tmp_path, trusted_proxies=("127.0.0.1",), workers=2, realtime_hub="postgres")
    settings.hand_on("postgresql://somewhere")
    assert Settings.handed_on() == (settings, "postgresql://somewhere")


@pytest.mark.parametrize(
    ("missing", "given"),
    [
        ("SMTP_HOST", {"SMTP_HOST": ""}),
        ("SMTP_PORT", {"SMTP_PORT": "70000"}),
        ("MAIL_FROM", {"MAIL_FROM": "Zhixun"}),
        ("SMTP_PASSWORD", {"SMTP_USER": "zhixun"}),
    ],
)
def test_who_sends_mails_says_through_what(missing: str, given: dict[str, str]) -> None:
    whole = {"MAILER": "smtp", "SMTP_HOST": "mail.example.com", "MAIL_FROM": "Zhixun <hello@example.com>"}
    assert Settings.from_environment({f"ZHIXUN_{name}": value for name, value in whole.items()}).smtp_port == 587
    with pytest.raises(SettingsError, match=f"ZHIXUN_{missing}"):
        Settings.from_environment({f"ZHIXUN_{name}": value for name, value in (whole | given).items()})
