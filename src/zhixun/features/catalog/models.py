from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, case, literal
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.pictures import PHOTO
from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class Field(Table):
    """A field is data: its taxonomy, duties and warnings are rows, so that a fifth needs no code."""

    __tablename__ = "catalog_fields"
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[Words]
    summary: Mapped[Words]
    glyph: Mapped[str]
    disclaimer: Mapped[Words]
    crisis_words: Mapped[list[str]]
    crisis_help: Mapped[Words]
    intake: Mapped[list[dict[str, Any]]]
    rubric: Mapped[list[dict[str, Any]]]
    credentials_required: Mapped[list[dict[str, Any]]]
    edited_at: Mapped[datetime | None]
    """When someone here changed it; from then on the house's own texts stay away from it."""


class Topic(Table):
    __tablename__ = "catalog_topics"
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    field_id: Mapped[str] = mapped_column(index=True)
    position: Mapped[int]
    name: Mapped[Words]
    synonyms: Mapped[list[str]]
    crisis: Mapped[bool] = mapped_column(server_default="false")
    """People in danger turn to someone with this topic, so it never costs more than its listed price."""


class Consultant(Table):
    __tablename__ = "catalog_consultants"
    __table_args__ = (
        CheckConstraint("commission_bps BETWEEN 0 AND 10000"),
        Index("catalog_consultants_photo", "photo", unique=True, postgresql_where="photo <> ''"),
    )
    personal_data = "erase"
    belongs_to = ("id",)

    id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Words]
    title: Mapped[Words]
    line: Mapped[Words]
    about: Mapped[Words]
    city: Mapped[Words]
    field_id: Mapped[str] = mapped_column(index=True)
    topic_ids: Mapped[list[str]]
    languages: Mapped[list[str]]
    years: Mapped[int]
    seniority: Mapped[str]
    gender: Mapped[str]
    portrait: Mapped[str]
    """The key of the drawn one, which stands there while there is no photo."""
    good_for: Mapped[list[dict[str, Any]]]
    not_for: Mapped[list[dict[str, Any]]]
    commission_bps: Mapped[int]
    listed: Mapped[bool]
    listed_at: Mapped[datetime]
    photo: Mapped[str] = mapped_column(default="", server_default="")
    """The id of their own photo, which its sizes in the BlobStore are named by; a new photo has a new one."""

    @hybrid_property
    def face(self) -> str:
        """What pages show: the photo, or the drawn portrait (see web/portraits.py)."""
        return f"{PHOTO}{self.photo}" if self.photo else self.portrait

    @face.inplace.expression
    @classmethod
    def _face(cls) -> ColumnElement[str]:
        return case((cls.photo != "", literal(PHOTO) + cls.photo), else_=cls.portrait)


class Service(Table):
    __tablename__ = "catalog_services"
    __table_args__ = (
        CheckConstraint("price_minor >= 0"),
        CheckConstraint("minutes BETWEEN 10 AND 240"),
        CheckConstraint("NOT on_request OR notice_minutes >= 180"),
    )
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    position: Mapped[int]
    channel: Mapped[str]
    minutes: Mapped[int]
    price_minor: Mapped[int]
    currency: Mapped[str]
    title: Mapped[Words]
    note: Mapped[Words]
    included: Mapped[list[dict[str, Any]]]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    interval_minutes: Mapped[int]
    notice_minutes: Mapped[int]
    horizon_days: Mapped[int]
    active: Mapped[bool]
    on_request: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether the consultant wants to accept each booking before it stands."""


class Credential(Table):
    __tablename__ = "catalog_credentials"
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[Words]
    how: Mapped[Words]
    number: Mapped[str]
    checked_on: Mapped[date]
    expires_on: Mapped[date | None]
