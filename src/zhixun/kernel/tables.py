"""The base of all tables, and the one session factory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CollectionAggregate, DateTime, Dialect, Text, TypeDecorator, any_, literal
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, sessionmaker

from .values import Words

Session = sessionmaker(expire_on_commit=False)


def bare(model: type[Table]) -> SqlTable:
    """The table itself, for a statement that writes past the mapper."""
    assert isinstance(model.__table__, SqlTable)
    return model.__table__


def any_of(ids: Collection[str]) -> CollectionAggregate[bool]:
    """`column == any_of(ids)`: one parameter however many there are, where IN would have one for each."""
    return any_(literal(list(ids), ARRAY(Text)))


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
    belongs_to: ClassVar[tuple[str, ...]] = ()
    """Columns that name the person a row is about; found by their usual names where not said (see personal.owners)."""
    part_of: ClassVar[tuple[str, str] | None] = None
    """(column, table): rows that are the person's because what they are part of is."""
    kept_for: ClassVar[tuple[str, int] | None] = None
    """(time column, days): rows older than that are deleted by the clock."""
