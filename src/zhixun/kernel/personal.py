"""What the house holds about one person: handing it over, letting it go, and looking whether it is gone.

The tables say most of it themselves: `personal_data`, whose a row is, for how long it is kept, which columns are sealed for
whom. Where deleting rows would take something away from others, a feature brings a `Holding` that does it its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, CursorResult, Delete, LargeBinary, delete, func, or_, select, update
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session as SqlSession

from . import outbox, vault
from .sealed import NOTHING, Letter, SealedColumn, opened
from .tables import Table
from .unit_of_work import UnitOfWork

OWNERS = ("user_id", "person_id", "client_id", "subject_id", "sender_id", "owner_id", "payer_id", "consultant_id")
SECRETS = ("_hash", "_index", "secret", "public_key")
"""Ends of the names of columns that tell a person nothing and a thief something: not handed over."""
ROWS_MAX = 100_000
BATCH = 5_000


@dataclass(frozen=True)
class OpenMatter:
    """Why a person cannot be erased yet, as a sentence to translate, and the page where they can do something about it."""

    sentence: str
    path: str = ""


@dataclass(frozen=True)
class Holding:
    """How a feature lets go of a person in its own way: `erase` sees to `tables` and returns how many rows it changed.
    `open_matters` say why it cannot be yet (money under way); empty where nothing stands against it.

    What a feature keeps outside the database: `tell` is it for the person's copy (name → lines of JSON), `forget_outside`
    deletes it after the erasure and outside of any transaction (twice is no mistake), `left` names what is there still."""

    tables: tuple[str, ...] = ()
    erase: Callable[[UnitOfWork, str], int] = lambda uow, person_id: 0
    open_matters: Callable[[SqlSession, str, datetime], list[OpenMatter]] = lambda db, person_id, now: []
    tell: Callable[[SqlSession, str], dict[str, list[dict[str, Any]]]] = lambda db, person_id: {}
    forget_outside: Callable[[str], None] = lambda person_id: None
    left: Callable[[SqlSession, str], list[str]] = lambda db, person_id: []


@dataclass(frozen=True)
class Held:
    """What one table holds about a person. `kept_because` is empty where it goes."""

    table: str
    rows: int
    kept_because: str


_holdings: list[Holding] = []


def offer(holdings: Iterable[Holding]) -> None:
    """Say what the features see to themselves; app.py hands it over."""
    _holdings[:] = holdings


def tables() -> dict[str, type[Table]]:
    """Every table that holds personal data, by name; those first that point at others, or are part of others."""
    known = {mapper.class_.__tablename__: mapper.class_ for mapper in Table.registry.mappers}
    names = (table.name for table in reversed(Table.metadata.sorted_tables))
    holding = [name for name in names if known[name].personal_data != "none"]
    return {name: known[name] for name in sorted(holding, key=lambda name: known[name].part_of is None)}


def owners(model: type[Table]) -> tuple[str, ...]:
    """The columns that say whose a row is; none where rows go by time alone."""
    columns = model.__table__.columns
    return model.belongs_to or next(((name,) for name in OWNERS if name in columns), ())


def held(db: SqlSession, person_id: str) -> list[Held]:
    """How many rows of each table are about this person, and which of them outlive an erasure. One statement."""
    asked = {name: (model, mine) for name, model in tables().items() if (mine := _mine(model, person_id)) is not None}
    counts = db.execute(
        select(*(select(func.count()).select_from(m.__table__).where(mine).scalar_subquery() for m, mine in asked.values()))
    ).one()  # fmt: skip
    return [
        Held(name, rows, model.personal_data.removeprefix("erase").removeprefix("keep: "))
        for (name, (model, _)), rows in zip(asked.items(), counts, strict=True)
    ]


def open_matters(db: SqlSession, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    return [matter for holding in _holdings for matter in holding.open_matters(db, person_id, now)]


def gather(db: SqlSession, person_id: str) -> dict[str, list[dict[str, Any]]]:
    """Everything about a person, opened, as JSON: table → rows. What is sealed for others is left out."""
    key = vault.keys_of(db, [person_id]).get(person_id)
    found: dict[str, list[dict[str, Any]]] = {}
    for name, model in tables().items():
        if (mine := _mine(model, person_id)) is None:
            continue
        table = _table(model)
        rows = db.execute(select(table).where(mine).order_by(*table.primary_key.columns).limit(ROWS_MAX)).all()
        if rows:
            found[name] = [_told(table, row, person_id, key) for row in rows]
    for holding in _holdings:
        found |= {name: lines for name, lines in holding.tell(db, person_id).items() if lines}
    return found


def erase(uow: UnitOfWork, person_id: str) -> list[Held]:
    """Let go of a person: features first in their own way, then every row that goes, then every sealed word, then the key."""
    uow.db.flush()
    done: dict[str, Held] = {}
    for holding in _holdings:
        rows = holding.erase(uow, person_id)
        for name in holding.tables:
            done[name] = Held(name, rows, "")
    uow.db.flush()
    for name, model in tables().items():
        mine = _mine(model, person_id)
        if name in done or mine is None:
            continue
        if model.personal_data == "erase":
            rows = _deleted(uow, delete(_table(model)).where(mine))
            done[name] = Held(name, rows, "")
        else:
            rows = uow.db.scalar(select(func.count()).select_from(model.__table__).where(mine)) or 0
            done[name] = Held(name, rows, model.personal_data.removeprefix("keep: "))
    for table, column, owner in _sealed_columns():
        uow.db.execute(update(table).where(owner == person_id).values({column.name: NOTHING}))
    outbox.forget_done_about(uow.db, person_id)
    vault.destroy_key(uow.db, person_id, uow.now)
    uow.db.expire_all()
    return list(done.values())


def forget_outside(person_id: str) -> None:
    """After an erasure: delete what is kept outside the database. Never called in a transaction; twice is no mistake."""
    for holding in _holdings:
        holding.forget_outside(person_id)


def leftovers(db: SqlSession, person_id: str) -> list[str]:
    """What an erasure has left where nothing may be left, by table; empty when it is complete."""
    own = {name for holding in _holdings for name in holding.tables}
    left = [
        name
        for name, model in tables().items()
        if model.personal_data == "erase" and name not in own and (mine := _mine(model, person_id)) is not None
        and db.scalar(select(func.count()).select_from(model.__table__).where(mine))
    ]  # fmt: skip
    left += [
        f"{table.name}.{column.name}"
        for table, column, owner in _sealed_columns()
        if db.scalar(select(func.count()).select_from(table).where(owner == person_id, column != NOTHING))
    ]
    left += [name for holding in _holdings for name in holding.left(db, person_id)]
    return left + (["vault_person_keys"] if vault.keys_of(db, [person_id]) else [])


def forget_old(uow: UnitOfWork) -> dict[str, int]:
    """Delete a batch of what has outlived its `kept_for`; returns how many rows per table, of those that had any."""
    gone = {}
    for name, model in tables().items():
        if model.kept_for is None:
            continue
        column, days = model.kept_for
        table = _table(model)
        key = next(iter(table.primary_key.columns))
        old = select(key).where(table.c[column] < uow.now - timedelta(days=days)).limit(BATCH)
        again = table.c[column] < uow.now - timedelta(days=days)
        if rows := _deleted(uow, delete(table).where(key.in_(old), again)):
            gone[name] = rows
    return gone


def _table(model: type[Table]) -> SqlTable:
    """A model is mapped to a table, never to a join."""
    found = model.__table__
    assert isinstance(found, SqlTable)
    return found


def _deleted(uow: UnitOfWork, statement: Delete) -> int:
    """How many rows went."""
    done = uow.db.execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount


def _mine(model: type[Table], person_id: str) -> ColumnElement[bool] | None:
    if model.part_of is not None:
        column, whole = model.part_of
        parent = tables()[whole]
        theirs = _mine(parent, person_id)
        assert theirs is not None, whole
        return model.__table__.columns[column].in_(select(parent.__table__.columns["id"]).where(theirs))
    columns = [model.__table__.columns[name] for name in owners(model)]
    return or_(*(column == person_id for column in columns)) if columns else None


def _sealed_columns() -> list[tuple[SqlTable, ColumnElement[Any], ColumnElement[Any]]]:
    return [
        (table, column, table.columns[column.info["sealed_for"]])
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SealedColumn)
    ]


def _told(table: SqlTable, row: Any, person_id: str, key: bytes | None) -> dict[str, Any]:
    told = {}
    for column in table.columns:
        value = row._mapping[column]
        if column.name.endswith(SECRETS) or isinstance(column.type, LargeBinary):
            continue
        if isinstance(column.type, SealedColumn):
            if row._mapping[table.columns[column.info["sealed_for"]]] != person_id:
                continue
            letter = Letter(str(row._mapping[_bound_to(table, column)]), person_id, value or NOTHING)
            value = opened(key, f"{table.name}.{column.name}", letter)
        told[column.name] = _json(value)
    return told


def _bound_to(table: SqlTable, column: Column[Any]) -> Column[Any]:
    """The column whose value a sealed one is bound to: the row's key, unless it says another."""
    named = column.info["row"]
    return table.columns[named] if named else next(iter(table.primary_key.columns))


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "as_dict"):
        return value.as_dict()
    return value if isinstance(value, str | int | float | bool | list | dict | type(None)) else str(value)
