"""What the consultant's desk, the house's texts and the drawn portraits promise."""

from datetime import timedelta

import pytest

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.rules import CLIENT_CANCELS
from zhixun.features.pages import queries, rules
from zhixun.features.privacy.rules import PURPOSES
from zhixun.features.recommend.rules import WEIGHTS_PERCENT
from zhixun.kernel.tables import Table
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now


@pytest.fixture
def app(db_url, tmp_path):
    return house(db_url, tmp_path)


@pytest.fixture
def pair(app):
    """Ada and Grace, and a session of theirs within the next two hours."""
    now = utc_now()
    with unit_of_work(now=now) as uow:
        ada = make.client(uow, "Ada")
        grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK, zone="Asia/Shanghai")
        make.paid_booking(uow, client=ada, consultant=grace, brief="两个 offer 怎么选")
    return ada, grace


@pytest.mark.parametrize("path", ["/pro", "/pro/earnings"])
def test_the_desk_is_for_consultants_only(app, path):
    with unit_of_work() as uow:
        ada, olga = make.client(uow), make.operator(uow)
    for stranger in (ada, olga):
        answer = Visitor(app, stranger).get(path)
        assert answer.status_code == 403
        assert "你没有权限" in words(answer)
        assert "北京时间" not in words(answer), "nothing of the desk is there"


@pytest.mark.parametrize("english", [False, True])
def test_a_new_consultant_is_told_what_to_do_first(app, english):
    with unit_of_work() as uow:
        grace = make.consultant(uow)
    answer = Visitor(app, grace.actor, english=english).get("/pro")
    assert ("Your first booking, step by step" if english else "第一单之前") in words(answer)
    assert statements(answer) <= STATEMENTS_MAX
    earnings = Visitor(app, grace.actor, english=english).get("/pro/earnings")
    assert ("No earnings yet" if english else "还没有收入") in words(earnings)


def test_the_desk_shows_who_comes_when_and_what_they_wrote(app, pair):
    _, grace = pair
    answer = Visitor(app, grace.actor).get("/pro")
    assert "Ada" in words(answer)
    assert "北京时间" in words(answer)
    assert statements(answer) <= STATEMENTS_MAX
    shown = words(answer)
    assert "两个 offer 怎么选" in shown or "今天没有预约" in shown, "tomorrow's briefs are one click away"


def test_the_room_is_linked_from_ten_minutes_before(app, pair):
    _, grace = pair
    with unit_of_work() as uow:
        booking = queries.pro_day(uow.db, grace.actor, uow.now)
        first = (*booking.today, *(one for day in booking.later_by_day for one in day))[0]
        early = queries.pro_day(uow.db, grace.actor, first.starts_at - timedelta(minutes=9))
    nine_before = (*early.today, *(one for day in early.later_by_day for one in day))[0]
    assert nine_before.id == first.id
    assert nine_before.room_opens_at < first.starts_at - timedelta(minutes=9)


def test_a_day_is_the_day_of_the_consultants_own_zone(app):
    now = utc_now().replace(hour=15, minute=30)  # 23:30 in Shanghai
    with unit_of_work(now=now) as uow:
        ada = make.client(uow)
        grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        make.paid_booking(
            uow, client=ada, consultant=grace, start=now.replace(hour=16, minute=0, second=0, microsecond=0)
        )
        desk = queries.pro_day(uow.db, grace.actor, now)
    assert desk.today == ()
    assert len(desk.later_by_day) == 1


def test_earnings_wait_then_are_released_and_open_to_their_entries(app):
    then = utc_now() - timedelta(days=5)
    with unit_of_work(now=then) as uow:
        ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        done = make.completed_booking(uow, client=ada, consultant=grace)
        make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=200))
    page = words(Visitor(app, grace.actor, english=True).get("/pro/earnings"))
    assert "Your balance ¥0.00" in page
    assert "In escrow ¥844.80" in page, "two times 480 less 12 %"
    with unit_of_work() as uow:
        bookings.release_money(uow, booking_id=done)
    answer = Visitor(app, grace.actor, english=True).get("/pro/earnings")
    page = words(answer)
    assert "Your balance ¥422.40 In escrow ¥422.40" in page
    assert "¥480.00 less ¥57.60 ¥422.40" in page
    for entry in ("Payment received", "Release", "Held for this booking", "Platform commission", "−¥480.00"):
        assert entry in page
    assert statements(answer) <= STATEMENTS_MAX


def test_earnings_show_nobody_elses(app, pair):
    with unit_of_work() as uow:
        other = make.consultant(uow, "Mallory")
    assert "Ada" not in words(Visitor(app, other.actor).get("/pro/earnings"))


@pytest.mark.parametrize("mark", ["nonsense", "%00", "x" * 5000])
def test_a_page_mark_that_is_not_ours_is_refused(app, pair, mark):
    assert Visitor(app, pair[1].actor).get(f"/pro/earnings?before={mark}").status_code == 400


@pytest.mark.parametrize("english", [False, True])
@pytest.mark.parametrize("page", rules.LEGAL_PAGES)
def test_each_text_is_there_whole_in_both_languages(app, page, english):
    answer = Visitor(app, english=english).get(f"/legal/{page}")
    assert answer.status_code == 200
    shown = words(answer)
    assert len(shown) > (2000 if english else 700)
    assert PURPOSES["terms"].version in shown
    assert ("In short" if english else "简单说") in shown
    assert statements(answer) == 0


def test_a_text_there_is_not_is_not_found(app):
    assert Visitor(app).get("/legal/everything").status_code == 404
    assert Visitor(app).get("/legal/..%2f..%2fetc").status_code == 404


def test_the_refund_table_is_the_one_that_decides(app):
    shown = words(Visitor(app, english=True).get("/legal/refunds"))
    for step in CLIENT_CANCELS:
        assert f"{step.refund_bps // 100}%" in shown
    assert "24 hours or more before the start 100% ¥400" in shown
    assert "later than 2 hours before the start 0% ¥0" in shown


def test_the_weights_on_the_page_are_those_that_rank(app):
    shown = words(Visitor(app, english=True).get("/legal/ranking"))
    for name, percent in WEIGHTS_PERCENT.items():
        said = {"relevance": "Relevance", "quality": "Feedback", "time": "Time", "price": "Price"}[name]
        assert f"{said} {percent}%" in shown


def test_the_privacy_page_names_every_table_with_personal_data(app):
    held = {mapper.class_.__tablename__ for mapper in Table.registry.mappers if mapper.class_.personal_data != "none"}
    assert not held - rules.TABLES.keys(), "say in pages/rules.py what these tables hold, in both languages"
    shown = Visitor(app).get("/legal/privacy").text
    for table in held:
        assert table in shown
        assert rules.TABLES[table].zh
        assert rules.TABLES[table].en


def test_every_reason_to_keep_data_is_said_in_chinese(app):
    reasons = {line.kept_because for line in queries.personal_data() if line.kept_because}
    shown = words(Visitor(app).get("/legal/privacy"))
    assert not [reason for reason in reasons if reason in shown]


def test_a_portrait_is_drawn_the_same_and_kept_long(app):
    first, again = (Visitor(app).get("/portrait/f-ada.svg") for _ in range(2))
    assert first.mimetype == "image/svg+xml"
    assert first.data == again.data
    assert "max-age=2592000" in first.headers["Cache-Control"]
    assert "Set-Cookie" not in first.headers
    assert Visitor(app).get("/portrait/m-bob.svg").data != first.data
    for strange in ("A B", "x" * 65, "<svg>", "%00"):
        assert Visitor(app).get(f"/portrait/{strange}.svg").status_code == 404


@pytest.mark.parametrize("english", [False, True])
def test_the_components_page_shows_the_look(app, english):
    answer = Visitor(app, english=english).get("/components")
    assert answer.status_code == 200
    assert ("Component inventory" if english else "组件清单") in words(answer)
