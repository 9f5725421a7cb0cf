"""Every setting, read once, checked at start. Only this file reads the environment."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from email.utils import parseaddr
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

HANDED_ON = "ZHIXUN_HANDED_ON"
SECRET_LENGTH_MIN = 16
WORKERS_MAX = 64
TEXTS = (
    "database_url", "public_url", "zone", "secret_key", "keys", "backup_recipient",
    "realtime_hub", "search_index", "mailer",
    "text_model", "text_model_url", "text_model_name", "text_model_key",
    "smtp_host", "smtp_user", "smtp_password", "smtp_tls", "mail_from",
    "interaction_log", "mongodb_url", "elasticsearch_url",
    "turn_secret", "redis_url",
)  # fmt: skip
NUMBERS = ("smtp_port",)
PATHS = ("data_dir", "postgres_bin")
LISTS = ("payment_gateways", "trusted_proxies", "turn_urls", "stun_urls")
SWITCHES = ("rate_limits", "private_webhooks", "turn_only", "desk_second_factor")
SWITCH_WORDS = {True: {"on", "1", "true", "yes"}, False: {"off", "0", "false", "no"}}
CHOICES = {
    "realtime_hub": {"memory", "postgres", "redis"},
    "search_index": {"tantivy", "elasticsearch"},
    "mailer": {"console", "smtp"},
    "text_model": {"extractive", "openai"},
    "smtp_tls": {"starttls", "implicit", "off"},
    "interaction_log": {"sql", "mongodb"},
    "payment_gateways": {"sandbox"},
}
"""What each port offers; app.py knows the adapter behind each word."""


class SettingsError(Exception):
    """A setting is missing or makes no sense; the sentence says which and how to mend it."""


@dataclass(frozen=True)
class Settings:
    data_dir: Path = Path("var")
    database_url: str = ""
    """Empty: the embedded PostgreSQL under `data_dir`. Else a libpq address, postgresql://…"""
    public_url: str = "http://localhost:8000"
    zone: str = "Asia/Shanghai"
    """The house's own: its days are those of this zone."""
    secret_key: str = field(default="", repr=False)
    """Signs cookies and sandbox webhooks; made once and kept in `data_dir/secret-key` when not given."""
    keys: str = field(default="", repr=False)
    """Master keys of the vault, "name:base64,…", the newest last; made once and kept in `data_dir/keys` when not given."""
    backup_recipient: str = ""
    """The age public key backups are for; empty: of an identity made once, `data_dir/backup-identity`."""
    realtime_hub: str = "memory"
    redis_url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    """Where live signals go under realtime_hub="redis"."""
    search_index: str = "tantivy"
    payment_gateways: tuple[str, ...] = ("sandbox",)
    mailer: str = "console"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_tls: str = "starttls"
    mail_from: str = ""
    """Where mails come from: an address, or "Name <address>"."""
    elasticsearch_url: str = field(default="http://127.0.0.1:9200", repr=False)
    """Where the index is under search_index="elasticsearch"; may carry user:password@."""
    interaction_log: str = "sql"
    mongodb_url: str = field(default="mongodb://127.0.0.1:27017/zhixun", repr=False)
    """Where interactions go under interaction_log="mongodb"; its path names the database."""
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    """The relay for calls: turn:turn.example.com:3478?transport=udp, turns:…"""
    turn_secret: str = field(default="", repr=False)
    """What the relay and we share; credentials are made of it."""
    turn_only: bool = False
    """Every call goes through the relay, so that nobody in it learns the other's address."""
    text_model: str = "extractive"
    text_model_url: str = ""
    text_model_name: str = ""
    text_model_key: str = field(default="", repr=False)
    rate_limits: bool = True
    desk_second_factor: bool = False
    """Whether the desk opens only to who signed in with a second factor."""
    private_webhooks: bool = False
    """Whether webhooks may go to addresses of the own network, also without TLS."""
    demo: bool = False
    """Demo mode: sample people with a known password exist; the server listens on loopback unless told otherwise."""
    workers: int = 1
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose X-Forwarded-For and -Proto are believed. Empty: nobody's."""
    postgres_bin: Path | None = None
    """Where the embedded PostgreSQL's programs are; by default the best found."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Read ZHIXUN_… variables; `given` (from the command line) wins. Raises SettingsError."""
        found = {
            **_read(os.environ if environment is None else environment),
            **{k: v for k, v in given.items() if v is not None},
        }
        settings = cls(**found)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.database_url and not self.database_url.startswith(("postgresql://", "postgres://")):
            raise SettingsError("ZHIXUN_DATABASE_URL must start with postgresql:// (any PostgreSQL 15 or newer).")
        address = urlsplit(self.public_url)
        if address.scheme not in {"http", "https"} or not address.hostname or address.query or address.fragment:
            raise SettingsError("ZHIXUN_PUBLIC_URL must be an address like https://consult.example.com.")
        if self.zone not in available_timezones():
            raise SettingsError("ZHIXUN_ZONE must be a name of the IANA database, such as Asia/Shanghai.")
        if not self.elasticsearch_url.startswith(("http://", "https://")):
            raise SettingsError("ZHIXUN_ELASTICSEARCH_URL must start with http:// or https://.")
        if not self.mongodb_url.startswith(("mongodb://", "mongodb+srv://")):
            raise SettingsError("ZHIXUN_MONGODB_URL must start with mongodb:// or mongodb+srv://.")
        if self.secret_key and len(self.secret_key) < SECRET_LENGTH_MIN:
            raise SettingsError(
                f"ZHIXUN_SECRET_KEY needs at least {SECRET_LENGTH_MIN} characters; leave it out to have one made."
            )
        if not 1 <= self.workers <= WORKERS_MAX:
            raise SettingsError(f"--workers must be between 1 and {WORKERS_MAX}.")
        if self.workers > 1 and self.realtime_hub == "memory":
            raise SettingsError(
                "Several workers reach each other through the database: set ZHIXUN_REALTIME_HUB=postgres (or redis)."
            )
        if not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise SettingsError("ZHIXUN_REDIS_URL is an address like redis://127.0.0.1:6379/0.")
        if self.postgres_bin and not self.postgres_bin.is_dir():
            raise SettingsError(f"ZHIXUN_POSTGRES_BIN names {self.postgres_bin}, which is no folder.")
        if self.mailer == "smtp":
            self._check_mail()
        self._check_calls()
        if self.text_model == "openai":
            self._check_model()
        for name, known in CHOICES.items():
            chosen = getattr(self, name)
            if not chosen or not ({chosen} if isinstance(chosen, str) else set(chosen)) <= known:
                raise SettingsError(f"ZHIXUN_{name.upper()} must be one of: {', '.join(sorted(known))}.")
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise SettingsError(f"ZHIXUN_TRUSTED_PROXIES: {proxy} is no IP address or network.") from None

    def _check_calls(self) -> None:
        for name, schemes in (("stun_urls", ("stun:", "stuns:")), ("turn_urls", ("turn:", "turns:"))):
            if not all(url.startswith(schemes) and not url.endswith(":") for url in getattr(self, name)):
                raise SettingsError(f"ZHIXUN_{name.upper()} are addresses like {schemes[0]}relay.example.com:3478.")
        if bool(self.turn_urls) != bool(self.turn_secret):
            raise SettingsError("ZHIXUN_TURN_URLS and ZHIXUN_TURN_SECRET (coturn's static-auth-secret) go together.")
        if self.turn_only and not self.turn_urls:
            raise SettingsError("ZHIXUN_TURN_ONLY needs a relay: set ZHIXUN_TURN_URLS.")

    def _check_mail(self) -> None:
        if not self.smtp_host:
            raise SettingsError("ZHIXUN_MAILER=smtp needs ZHIXUN_SMTP_HOST, the name of your mail server.")
        if not 1 <= self.smtp_port <= 65_535:
            raise SettingsError("ZHIXUN_SMTP_PORT must be a port: often 587, or 465 with ZHIXUN_SMTP_TLS=implicit.")
        if "@" not in parseaddr(self.mail_from)[1].strip("@"):
            raise SettingsError(
                "ZHIXUN_MAILER=smtp needs ZHIXUN_MAIL_FROM, such as Zhixun <hello@consult.example.com>."
            )
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise SettingsError("ZHIXUN_SMTP_USER and ZHIXUN_SMTP_PASSWORD go together.")

    def _check_model(self) -> None:
        address = urlsplit(self.text_model_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise SettingsError("ZHIXUN_TEXT_MODEL_URL must be an address like https://models.example.com/v1.")
        if not self.text_model_name:
            raise SettingsError("ZHIXUN_TEXT_MODEL_NAME must say which model is asked there.")

    @property
    def secure(self) -> bool:
        """Whether people reach us over https, so that cookies may be marked Secure."""
        return self.public_url.startswith("https://")

    @property
    def known_as(self) -> str:
        """Where people reach us, as the keeper of the house wrote it; empty where nobody did, and in a demo."""
        return "" if self.demo or self.public_url == Settings.public_url else self.public_url.rstrip("/")

    def key(self) -> str:
        """The secret key, made on first use and kept readable by its owner only."""
        if self.secret_key:
            return self.secret_key
        path = self.data_dir / "secret-key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()

    def hand_on(self, address: str) -> None:
        """Leave these settings, and the database's address, for the processes we start."""
        os.environ[HANDED_ON] = json.dumps({"settings": asdict(self), "address": address}, default=str)

    @classmethod
    def handed_on(cls) -> tuple[Settings, str]:
        """What the process that started this one has left: (settings, the database's address)."""
        left = json.loads(os.environ[HANDED_ON])
        given = left["settings"]
        for name in PATHS:
            given[name] = Path(given[name]) if given[name] else None
        for name in LISTS:
            given[name] = tuple(given[name])
        return cls(**given), left["address"]


def unknown_names(environment: Mapping[str, str] | None = None) -> list[str]:
    """ZHIXUN_… variables that no setting reads: most likely misspelt."""
    known = {f"ZHIXUN_{name.upper()}" for name in (*TEXTS, *NUMBERS, *PATHS, *LISTS, *SWITCHES)} | {HANDED_ON}
    given = os.environ if environment is None else environment
    return sorted(n for n in given if n.startswith("ZHIXUN_") and n not in known and not n.startswith("ZHIXUN_TEST_"))


def _read(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    readers: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(TEXTS, str),
        **{name: partial(_number, name) for name in NUMBERS},
        **dict.fromkeys(PATHS, Path),
        **dict.fromkeys(LISTS, _list),
        **{name: partial(_switch, name) for name in SWITCHES},
    }
    for name, read in readers.items():
        if value := environment.get(f"ZHIXUN_{name.upper()}", "").strip():
            found[name] = read(value)
    return found


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise SettingsError(f"ZHIXUN_{name.upper()} must be a whole number.")
    return int(value)


def _switch(name: str, value: str) -> bool:
    for answer, words in SWITCH_WORDS.items():
        if value.lower() in words:
            return answer
    raise SettingsError(f"ZHIXUN_{name.upper()} must be on or off.")
