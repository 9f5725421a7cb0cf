from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class Profile(Table):
    """What is known of one person who agreed to it. Made anew from the log, so it can always be thrown away."""

    __tablename__ = "profiles_profiles"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[dict[str, Any]]
    sources: Mapped[dict[str, Any]]
    segment: Mapped[str]
    last_at: Mapped[datetime | None]
    sessions_count: Mapped[int]
    value_minor: Mapped[int] = mapped_column(BigInteger)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str]
    hours: Mapped[str]
    language: Mapped[str]
    built_at: Mapped[datetime]


class Correction(Table):
    """What a person says of their own profile; it stands above what was worked out."""

    __tablename__ = "profiles_corrections"
    __table_args__ = (CheckConstraint("verdict IN ('wrong', 'wanted')"),)
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    """ "topic=…", "field=…", "channel=video", "hours=evening", "language=en", "segment=s1" or "consultant=018f…"."""
    verdict: Mapped[str]
    at: Mapped[datetime]


class Model(Table):
    """What was learnt of all together: how telling each term is, and the segments. Words of a few people are not in it."""

    __tablename__ = "profiles_models"
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    built_at: Mapped[datetime]
    people_count: Mapped[int]
    idf: Mapped[dict[str, Any]]
    segments: Mapped[list[dict[str, Any]]]
    silhouette: Mapped[float]
    stability: Mapped[float]


class SegmentName(Table):
    """What a segment of the newest model is called."""

    __tablename__ = "profiles_segment_names"
    personal_data = "none"

    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[Words]
    size: Mapped[int]


class Saved(Table):
    """A consultant whom a person wants to find again."""

    __tablename__ = "profiles_saved"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(primary_key=True)
    saved_at: Mapped[datetime]
