from __future__ import annotations

import pytest

from tests import make
from zhixun.kernel import outbox
from zhixun.kernel.values import Actor


@pytest.fixture
def two(db_url) -> tuple[Actor, make.ConsultantMade]:
    outbox.forget_all()
    return make.pair()
