"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

REGISTER_BYTES: Final = 8


class Register(TypeDecorator[int]):
    """An unsigned 64-bit value as 8 bytes big-endian: no bit is lost, and bytes sort as the numbers do."""

    impl = LargeBinary(REGISTER_BYTES)
    cache_ok = True

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.to_bytes(REGISTER_BYTES, "big")

    @override
    def process_result_value(self, value: bytes | None, dialect: Dialect) -> int | None:
        return None if value is None else int.from_bytes(value, "big")


class Timestamp(TypeDecorator[datetime]):
    """A moment. SQLite has no time zones, so there it is kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[Any]):
    """A JSON document. None where SQLite holds a text that is none: it is for who reads the row to miss it."""

    impl = JSON
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())

    @override
    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        process = super().result_processor(dialect, coltype)
        if process is None:
            return None

        def read(value: Any) -> Any:
            try:
                return process(value)
            except ValueError:
                return None

        return read


JsonText: Final[Any] = Text().with_variant(JSONB(), "postgresql")
"""A JSON document that is text already."""

Key: Final[Any] = BigInteger().with_variant(Integer(), "sqlite")
"""A surrogate key: SQLite numbers rows by itself only where the type is INTEGER."""

Name: Final[Any] = Text().with_variant(Text(collation="C"), "postgresql")
"""A name: ordered by code point everywhere, as Python and SQLite order it, whatever the server's locale."""
