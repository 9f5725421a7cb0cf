"""Two houses on one street: the same database behind both."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.conftest import KEYS, SERVER, TEMPLATE
from tests.journeys import street as streets
from tests.journeys.street import Street
from zhixun.adapters.key_ring.given import GivenRing
from zhixun.app import subscribe_all
from zhixun.kernel import database, vault
from zhixun.kernel.tables import Session


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Two processes as `zhixun serve` runs them, jobs included, over one fresh database that the test sees as well."""
    server, name = os.environ[SERVER], f"t_{uuid.uuid4().hex[:12]}"
    url = postgres.create(server, name, TEMPLATE)
    engine = database.connect(url)
    vault.unlock(GivenRing(KEYS))
    subscribe_all()
    built = streets.built(tmp_path_factory.mktemp("street"), url)
    yield built
    for house in built.houses:
        house.stop()
    engine.dispose()
    Session.configure(bind=None)
    postgres.drop(server, name)
