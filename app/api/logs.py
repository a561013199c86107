"""The service's log: one line a record, with the request it belongs to."""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from typing_extensions import override

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request that is being answered, for whatever is logged meanwhile."""


class TextFormatter(logging.Formatter):
    """For people."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        request = REQUEST_ID.get()
        return super().format(record) + (f" [{request}]" if request else "")


class JsonFormatter(logging.Formatter):
    """For machines: one JSON object a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST_ID.get():
            line["request_id"] = request
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def logging_config(form: Literal["text", "json"]) -> dict[str, Any]:
    """Configuration for `logging.config.dictConfig`, in every worker process."""
    formatters = {
        "text": {"()": f"{__name__}.TextFormatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": f"{__name__}.JsonFormatter"},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {form: formatters[form]},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
        # Which database it works on is said elsewhere, and readiness is asked for every few seconds.
        "loggers": {"alembic": {"level": "WARNING"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }
