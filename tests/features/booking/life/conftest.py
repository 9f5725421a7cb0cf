from __future__ import annotations

import pytest

from tests.features.booking.life.scene import Scene
from zhixun.kernel import outbox


@pytest.fixture
def scene(db_url):
    outbox.forget_all()
    return Scene()
