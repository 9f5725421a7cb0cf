"""A failure in the database is logged without what people wrote: PostgreSQL would quote the whole row."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from zhixun.kernel.tables import Session

log = logging.getLogger(__name__)
NAME = "Ada Lovelace, 13812345678"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "INSERT INTO web_windows (name, began_at, tries) VALUES (:name, now(), 1), (:name, now(), 1)",
            "web_windows_pkey",
        ),
        ("INSERT INTO web_windows (name, began_at, tries) VALUES (:name, now(), NULL)", "tries"),
    ],
)
def test_what_a_constraint_refuses_is_named_and_not_quoted(
    db_url: str, caplog: pytest.LogCaptureFixture, statement: str, said: str
) -> None:
    with pytest.raises(IntegrityError) as failure, Session.begin() as db:
        db.execute(text(statement), {"name": NAME})
    log.error("a deed broke", exc_info=failure.value)
    assert NAME not in f"{failure.value}{failure.value.orig}{failure.value!r}{failure.value.orig!r}"
    assert said in caplog.text
    assert NAME not in caplog.text
