from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.groups.parts import NOW
from zhixun.kernel import outbox
from zhixun.kernel.unit_of_work import unit_of_work


@pytest.fixture
def grace(db_url) -> make.ConsultantMade:
    outbox.forget_all()
    with unit_of_work(now=NOW) as uow:
        return make.consultant(uow)
