"""Configuration, from the environment alone. Read once, in `main`, and passed on."""

import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_DURATION = re.compile(r"(?P<count>[0-9]{1,9}) ?(?P<unit>[smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: object) -> object:
    """Take `90s`, `15m`, `24h` or `24 h`, `7d`, and plain seconds, beside what Pydantic takes of text (ISO 8601)."""
    if isinstance(value, str) and (written := _DURATION.fullmatch(value.strip())):
        return timedelta(seconds=int(written["count"]) * _UNITS[written["unit"]])
    return value


def _some(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        message = "must be longer than 0 s"
        raise ValueError(message)
    return duration


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_some)]


def _default_database_url() -> str:
    return f"sqlite:///{Path(platformdirs.user_data_dir('roadstead')) / 'roadstead.db'}"


class Settings(BaseSettings):
    """Every setting is an environment variable `ROADSTEAD_…`; docs/operations.md lists them."""

    model_config = SettingsConfigDict(env_prefix="ROADSTEAD_", frozen=True, extra="ignore")

    database_url: str = Field(default_factory=_default_database_url)
    """`sqlite:////path/x.db` or `postgresql://…`; the driver is our business."""
    database_pool_size: int = Field(default=8, ge=1, le=500)
    """Connections of one worker to PostgreSQL, for transactions; hot reads have as many of their own."""
    database_timeout: Duration = timedelta(seconds=4)
    """A connection to PostgreSQL, or the answer to one statement, that takes longer is given up with a 503."""
    max_inventory_age: Duration | None = None
    """A host not observed for longer is `inventory_stale`. Off by default."""
    migration_timeout: Duration = timedelta(hours=24)
    """An open migration older than this shows as `overdue`."""
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    """Largest request body, imports aside."""
    max_import_bytes: int = Field(default=1_073_741_824, ge=1024)
    """Largest body of an import."""
    max_import_pause: Duration = timedelta(seconds=60)
    """An import whose client sends nothing for longer is refused: it keeps a connection to the database waiting."""
    request_timeout: Duration = timedelta(seconds=10)
    """How long a client may take to send the head of a request, and again its body; imports have their pause."""
    shutdown_timeout: Duration = timedelta(seconds=20)
    """How long a service that is told to end goes on with what it is answering."""
    access_log: Literal["none", "changes", "all"] = "changes"
    """Which requests are logged: none, those that may change something or failed, or all."""
    log_format: Literal["text", "json"] = "text"
    """One line a record either way; `json` is for machines."""
    telemetry: bool = False
    """OpenTelemetry traces, metrics and logs, exported as the OTEL_ variables say. Needs `roadstead[otel]`."""
    data_dir: DirectoryPath | None = None
    """A directory whose reference data files replace the ones that came with the release."""

    @field_validator("database_url")
    @classmethod
    def _supported(cls, written: str) -> str:
        if not written.startswith(("sqlite:", "sqlite+", "postgresql:", "postgresql+", "postgres:")):
            message = "is neither sqlite:////path/x.db nor postgresql://user@host/name"
            raise ValueError(message)
        return written

    @cached_property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")
