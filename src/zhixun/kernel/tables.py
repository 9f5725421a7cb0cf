"""The base of all tables, and the one session factory."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, sessionmaker

from .values import Words

Session = sessionmaker(expire_on_commit=False)


class WordsColumn(TypeDecorator[Words]):
    """Words in two languages, as one JSON object {"zh": …, "en": …}."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Words | None, dialect: Dialect) -> dict[str, str] | None:
        return value.as_dict() if value is not None else None

    def process_result_value(self, value: dict[str, str] | None, dialect: Dialect) -> Words | None:
        return Words.of(value) if value is not None else None


class Table(DeclarativeBase):
    """Every table says what personal data it holds: none, erase, or keep (with the reason)."""

    __abstract__ = True
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        str: Text,
        Words: WordsColumn,
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }
    personal_data: ClassVar[str]
