"""A running gateway, and two people connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import make
from tests.conftest import KEYS
from tests.web.live.place import Place
from tests.web.live_server import Browser, serving, token_of
from zhixun.app import create_app
from zhixun.features.messaging import actions
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.settings import Settings


@pytest.fixture
def place(db_url: str, tmp_path: Path) -> Iterator[Place]:
    """A running gateway, Ada with a confirmed booking at Grace's, and their conversation."""
    create_app(Settings(keys=KEYS, data_dir=tmp_path, rate_limits=False), db_url)
    with unit_of_work(now=make.NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking = make.paid_booking(uow, client=ada, consultant=grace)
        conversation = actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
    with serving() as url:
        yield Place(url, ada, grace.actor, booking, conversation)


@pytest.fixture
def ada(place: Place) -> Iterator[Browser]:
    with Browser(place.url) as browser:
        browser.hello(token_of(place.ada))
        yield browser


@pytest.fixture
def grace(place: Place) -> Iterator[Browser]:
    with Browser(place.url) as browser:
        browser.hello(token_of(place.grace))
        yield browser
