import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from zhixun.kernel.tables import Session


def test_what_people_wrote_does_not_stand_in_the_words_of_a_statement_that_failed(db_url):
    with pytest.raises(DBAPIError) as failure, Session() as db:
        db.execute(text("SELECT 1 / :nought WHERE :said <> ''"), {"nought": 0, "said": "nobody else should read this"})
    assert "division by zero" in str(failure.value)
    assert "nobody else" not in str(failure.value)
