"""Every setting, read once, checked at start. Only this file reads the environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(Exception):
    """A setting is missing or makes no sense; the sentence says which and how to mend it."""


@dataclass(frozen=True)
class Settings:
    data_dir: Path = Path("var")
    database_url: str = ""
    """Empty: the embedded PostgreSQL under `data_dir`. Else a libpq address, postgresql://…"""
    public_url: str = "http://localhost:8000"
    secret_key: str = field(default="", repr=False)
    """Signs cookies and sandbox webhooks; made once and kept in `data_dir/secret-key` when not given."""
    realtime_hub: str = "memory"
    search_index: str = "tantivy"
    payment_gateways: tuple[str, ...] = ("sandbox",)
    mailer: str = "console"
    rate_limits: bool = True
    demo: bool = False
    """Demo mode: sample people with a known password exist; the server listens on loopback unless told otherwise."""
    workers: int = 1

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: object) -> Settings:
        """Read ZHIXUN_… variables; `given` (from the command line) wins. Raises SettingsError."""
        found = {
            **_read(os.environ if environment is None else environment),
            **{k: v for k, v in given.items() if v is not None},
        }
        settings = cls(**found)  # type: ignore[arg-type]
        settings._check()
        return settings

    def _check(self) -> None:
        if self.database_url and not self.database_url.startswith(("postgresql://", "postgres://")):
            raise SettingsError("ZHIXUN_DATABASE_URL must start with postgresql:// (any PostgreSQL 15 or newer).")
        if not self.public_url.startswith(("http://", "https://")):
            raise SettingsError("ZHIXUN_PUBLIC_URL must start with http:// or https://.")
        for name, known in (
            ("realtime_hub", {"memory", "postgres"}),
            ("search_index", {"tantivy"}),
            ("mailer", {"console"}),
        ):
            if getattr(self, name) not in known:
                raise SettingsError(f"ZHIXUN_{name.upper()} must be one of: {', '.join(sorted(known))}.")

    @property
    def secure(self) -> bool:
        """Whether people reach us over https, so that cookies may be marked Secure."""
        return self.public_url.startswith("https://")

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


def _read(environment: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in ("database_url", "public_url", "secret_key", "realtime_hub", "search_index", "mailer"):
        if (value := environment.get(f"ZHIXUN_{name.upper()}")) is not None:
            found[name] = value
    if value := environment.get("ZHIXUN_DATA_DIR"):
        found["data_dir"] = Path(value)
    if value := environment.get("ZHIXUN_PAYMENT_GATEWAYS"):
        found["payment_gateways"] = tuple(part.strip() for part in value.split(",") if part.strip())
    if (value := environment.get("ZHIXUN_RATE_LIMITS")) is not None:
        found["rate_limits"] = value.lower() not in {"off", "0", "false", "no"}
    return found
