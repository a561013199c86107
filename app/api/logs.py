"""The service's log: one line a record, with the request it belongs to."""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from typing_extensions import override

from app.sentences import printable

FIELDS: Final = "fields"
"""Under this name a record's `extra` has what the JSON log tells in fields of their own."""

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request that is being answered, for whatever is logged meanwhile."""


class TextFormatter(logging.Formatter):
    """For people. What others chose, such as a path, can neither begin a line nor steer a terminal."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        request = REQUEST_ID.get()
        # Only a traceback has further lines; they are set in, for its texts may be anybody's too.
        text = "\n  ".join(printable(line) for line in super().format(record).split("\n"))
        return text + (f" [{request}]" if request else "")

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """For machines: one JSON object a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
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
