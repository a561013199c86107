"""Listening to what is sent to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.storage.direct import Statement

_NOT_COUNTED = ("BEGIN", "PRAGMA")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement of SQLAlchemy in this process while the block runs, and those that it has written before."""
    seen: list[str] = []
    written = Statement.written

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith(_NOT_COUNTED):
            seen.append(statement)

    def note_direct(statement: Statement, dialect: Any) -> Any:
        found = written(statement, dialect)
        seen.append(found.text)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Statement, "written", note_direct)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)
