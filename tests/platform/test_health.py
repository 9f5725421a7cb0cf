"""What machines ask about us."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from tests.conftest import KEYS
from zhixun.app import create_app
from zhixun.kernel.database import sqlalchemy_url
from zhixun.kernel.tables import Session
from zhixun.settings import Settings


@pytest.fixture
def client(db_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    yield create_app(Settings(keys=KEYS, data_dir=tmp_path), db_url).test_client()
    Session.kw["bind"].dispose()


def test_a_living_process_says_so_without_asking_the_database(client: FlaskClient) -> None:
    Session.configure(bind=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    assert client.get("/healthz").json["alive"] is True


def test_ready_means_the_database_answers_in_the_right_shape(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True, "troubles": {}})


def test_without_a_database_nobody_is_sent_to_us(client: FlaskClient) -> None:
    Session.configure(bind=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "database" in answer.json["troubles"]
    assert "zhixun_database_up 0" in client.get("/metrics").text


def test_who_asks_for_a_page_without_a_database_is_told_to_try_again(client: FlaskClient) -> None:
    Session.configure(bind=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    answer = client.get("/api/v1/fields")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    client.set_cookie("zhixun_sign_in", "x")
    page = client.get("/me")
    assert page.status_code == 503
    assert "请稍后再试一次" in page.text


def test_facts_that_wait_too_long_show(client: FlaskClient, db_url: str) -> None:
    with create_engine(sqlalchemy_url(db_url)).begin() as db:
        db.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at) "
                "VALUES ('facts', 'nobody.listens', now() - interval '10 minutes')"
            )
        )
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "zhixun worker" in answer.json["troubles"]["queue"]
    assert "zhixun_queue_waiting 1\n" in client.get("/metrics").text


def test_requests_are_counted_by_status_and_time(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/no-such-page")
    lines = client.get("/metrics").text
    assert 'status="200"} 1' in lines
    assert 'status="404"} 1' in lines
    assert 'le="+Inf"} 2' in lines
    assert lines.endswith("\n")
