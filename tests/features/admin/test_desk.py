"""What the operator's pages promise."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.app import FEATURES
from zhixun.features.accounts import queries as accounts
from zhixun.features.admin import queries, rules
from zhixun.features.booking import actions as bookings
from zhixun.features.catalog.models import Consultant
from zhixun.features.quality import actions as quality
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Words, new_id, utc_now

NOBODYS = "0" * 32
PAGES = ("/ops", "/ops/bookings", "/ops/bookings?state=stuck", f"/ops/bookings/{NOBODYS}")


@pytest.fixture
def app(db_url, tmp_path):
    return house(db_url, tmp_path)


@pytest.fixture
def olga(app):
    with unit_of_work() as uow:
        return make.operator(uow)


def lively(now):
    """Two sessions held, one of them with feedback, one cancelled and one never paid, in the last days."""
    then = now - timedelta(days=4)
    with unit_of_work(now=then) as uow:
        ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        first = make.completed_booking(uow, client=ada, consultant=grace)
        make.completed_booking(uow, client=ada, consultant=grace)
        cancelled = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=60))
        make.held_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=90), brief="秘密")
    with unit_of_work(ada, now=then + timedelta(hours=3)) as uow:
        bookings.cancel_booking(uow, booking_id=cancelled)
        quality.give_feedback(
            uow, feedback_id=new_id(), booking_id=first, scores=make.FINE_SCORES, nps=9, solved="yes", words=""
        )
    return ada, grace, first, cancelled


@pytest.mark.parametrize("path", PAGES)
def test_the_desk_is_for_operators_only(app, path):
    with unit_of_work() as uow:
        strangers = (make.client(uow), make.consultant(uow).actor)
    for stranger in strangers:
        assert Visitor(app, stranger).get(path).status_code == 403
    assert Visitor(app).get(path).status_code == 303


def test_bookings_are_for_those_who_may_see_orders(app):
    with unit_of_work() as uow:
        editor, helper = make.operator(uow, role="content"), make.operator(uow, "Hal", role="support")
    refused = Visitor(app, editor, english=True).get("/ops/bookings")
    assert (refused.status_code, "Your role at the desk does not include this." in words(refused)) == (403, True)
    assert Visitor(app, editor).get(f"/ops/bookings/{NOBODYS}").status_code == 403
    assert 'href="/ops/bookings"' not in Visitor(app, editor).get("/ops").text
    assert Visitor(app, helper).get("/ops/bookings").status_code == 200


@pytest.mark.parametrize("english", [False, True])
def test_an_empty_house_is_shown_without_a_fuss(app, olga, english):
    visitor = Visitor(app, olga, english=english)
    answer = visitor.get("/ops")
    assert answer.status_code == 200
    assert ("Nobody has booked yet." if english else "还没有人预约。") in words(answer)
    assert ("No bookings here" if english else "这里没有预约") in words(visitor.get("/ops/bookings"))


def test_the_figures_are_those_of_the_books(app, olga):
    now = utc_now()
    lively(now)
    answer = Visitor(app, olga, english=True).get("/ops")
    shown = words(answer)
    assert "Paid in (GMV) ¥1,440" in shown
    assert "Sessions done 2" in shown
    assert "after refunds: ¥960" in shown
    assert "Refunded 33.3%" in shown
    assert "30 days in Beijing time (UTC+8)" in shown
    assert "Held a time 100% 4 Paid 75% 3 Session done 67% 2 Feedback 50% 1" in shown
    assert "1 answer, out of 5" in shown
    assert statements(answer) <= STATEMENTS_MAX


def test_a_session_that_is_still_ahead_is_not_counted_as_missed(app, olga):
    now = utc_now()
    lively(now)
    with unit_of_work(now=now - timedelta(minutes=5)) as uow:
        ada, grace = make.client(uow, "Bea"), make.consultant(uow, "Gil", hours=make.AROUND_THE_CLOCK)
        make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=40))
    shown = words(Visitor(app, olga, english=True).get("/ops"))
    assert "Paid 80% 4 Session done 67% 2 and 1 still ahead, not counted" in shown


def test_the_houses_days_are_those_of_its_zone(app):
    """Money of 23:30 UTC belongs to the next day in Shanghai; what came in before the first of the thirty days is not in."""
    now = datetime(2026, 11, 24, 23, 45, tzinfo=UTC)
    for at in (now - timedelta(minutes=15), rules.begins(now.date(), "Asia/Shanghai") - timedelta(days=28, minutes=1)):
        with unit_of_work(now=at) as uow:
            ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
            make.paid_booking(uow, client=ada, consultant=grace)
    with unit_of_work() as uow:
        here = queries.overview(uow.db, now, zone="Asia/Shanghai")
        there = queries.overview(uow.db, now, zone="UTC")
    assert here.days[-1].isoformat() == "2026-11-25"
    assert (here.gmv[-1], sum(here.gmv), here.gmv_before[-1]) == (48_000, 48_000, 48_000)
    assert there.days[-1].isoformat() == "2026-11-24"
    assert sum(there.gmv) == 96_000


def test_what_needs_a_person_comes_first(app, olga):
    lively(utc_now())
    shown = words(Visitor(app, olga, english=True).get("/ops"))
    assert "No worker is running" in shown
    assert "1 refund not completed" in shown
    assert "3 bookings are stuck" in shown, "one held four days ago, two whose money should be released: no clock ran"


def test_who_looks_at_stuck_bookings_sees_only_those(app, olga):
    lively(utc_now())
    answer = Visitor(app, olga).get("/ops/bookings?state=stuck")
    assert answer.text.count("<tbody>") == 1
    assert answer.text.split("<tbody>")[1].count("<tr>") == 3
    assert statements(answer) <= STATEMENTS_MAX


@pytest.mark.parametrize(("state", "found"), [("", 4), ("completed", 2), ("cancelled", 1), ("expired", 1), ("paid", 0)])
def test_bookings_are_filtered_by_what_a_person_sees(app, olga, state, found):
    lively(utc_now())
    page = Visitor(app, olga).get(f"/ops/bookings?state={state}").text
    assert page.count("/ops/bookings/") == found


def test_the_desk_finds_bookings_by_the_number_clients_read_by_name_and_by_address(app, olga):
    ada, _, first, _ = lively(utc_now())
    with unit_of_work() as uow:
        zoe = make.client(uow, "Zoe")
        make.held_booking(uow, client=zoe, consultant=make.consultant(uow, "Lin"))
        address = accounts.emails_of(uow.db, [ada.user_id], ada)[ada.user_id]
    desk = Visitor(app, olga)
    for asked, found in {
        first[-8:]: 1,
        first[-8:].upper(): 1,
        first: 1,
        f"#{first[-8:]} ": 1,
        "0" * 8: 0,
        address.upper(): 4,
        "Ad": 4,
        "Grace": 4,
        "zoe": 1,
        "100%": 0,
        "nobody@example.org": 0,
        "@": 0,
        "x" * 3_000: 0,
        "\x00": 5,
    }.items():
        answer = desk.get("/ops/bookings?" + urlencode({"q": asked}))
        assert (answer.status_code, answer.text.count('href="/ops/bookings/')) == (200, found), asked
        assert statements(answer) <= STATEMENTS_MAX
    both = desk.get("/ops/bookings?" + urlencode({"q": "Ad", "state": "completed"}))
    assert both.text.count('href="/ops/bookings/') == 2


def test_the_desk_finds_a_consultant_by_the_name_of_either_language(app, olga):
    with unit_of_work() as uow:
        lin, zoe = make.consultant(uow, "Lin"), make.client(uow, "Zoe")
        uow.db.execute(update(Consultant).where(Consultant.id == lin.id).values(name=Words("林知远", "Lin Zhiyuan")))
        make.held_booking(uow, client=zoe, consultant=lin)
    shown = Visitor(app, olga)
    for asked, found in {"林知": 1, "zhiyuan": 1, "Lin": 1, lin.slug: 1, "en": 0, '"': 0, lin.id[-5:]: 0}.items():
        answer = shown.get("/ops/bookings?" + urlencode({"q": asked}))
        assert answer.text.count('href="/ops/bookings/') == found, asked


def test_everyone_who_hears_of_facts_is_said_in_words():
    heard = {feature.name for feature in FEATURES if feature.handlers}
    assert heard <= set(rules.DELIVERED_TO)
    assert rules.delivered_to("search.handlers.index_rating") == "search and free times"
    assert rules.delivered_to("webhooks.handlers.tell_programs:BookingHeld") == "other programs, by webhook"
    assert rules.delivered_to("gone.handlers.old") == "gone.handlers.old"


@pytest.mark.parametrize("question", ["state=nonsense", "state=%00", "before=", "state=" + "x" * 3000])
def test_a_filter_there_is_not_shows_all(app, olga, question):
    assert Visitor(app, olga).get(f"/ops/bookings?{question}").status_code == 200


def test_a_page_mark_that_is_not_ours_is_refused(app, olga):
    assert Visitor(app, olga).get("/ops/bookings?before=nonsense").status_code == 400


def test_a_booking_tells_its_whole_story(app, olga, deliver_all):
    _, _, _, cancelled = lively(utc_now())
    deliver_all()
    answer = Visitor(app, olga, english=True).get(f"/ops/bookings/{cancelled}")
    shown = words(answer)
    for line in ("Held by Ada", "Confirmed", "Cancelled by Ada", "Refund asked for: ¥480.00", "the client"):
        assert line in shown
    for booked in ("Payment received in the books", "Refund set aside", "Refund sent", "On its way back to the payer"):
        assert booked in shown
    assert "Delivered: the payment provider" in shown
    assert ".handlers." not in shown
    assert statements(answer) <= STATEMENTS_MAX


def test_what_the_client_wrote_is_not_shown_to_operators(app, olga):
    lively(utc_now())
    with unit_of_work(olga) as uow:
        held = next(
            one for one in queries.booking_lines(uow.db, uow.now, state="expired", before=None, language="zh")[0]
        )
    answer = Visitor(app, olga, english=True).get(f"/ops/bookings/{held.id}")
    assert "秘密" not in answer.text
    assert "something, sealed for the consultant" in words(answer)


@pytest.mark.parametrize("which", ["nonsense", NOBODYS, "x" * 300, "%00"])
def test_a_booking_there_is_not_is_not_found(app, olga, which):
    assert Visitor(app, olga).get(f"/ops/bookings/{which}").status_code == 404


def test_the_list_goes_on_over_pages(app, olga, monkeypatch):
    monkeypatch.setattr(rules, "LINES_SHOWN", 2)
    now = utc_now()
    with unit_of_work(now=now) as uow:
        ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
    for number in range(3):
        with unit_of_work(now=now + timedelta(seconds=number)) as uow:
            make.held_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=number))
    visitor = Visitor(app, olga)
    first = visitor.get("/ops/bookings").text
    older = first.split("before=")[1].split('"')[0]
    second = visitor.get(f"/ops/bookings?before={older}").text
    assert first.count("/ops/bookings/") == 2
    assert second.count("/ops/bookings/") == 1


def test_days_without_money_are_noughts():
    last = datetime(2026, 11, 25, tzinfo=UTC).date()
    assert rules.by_day({"2026-11-24": 5, "2026-01-01": 9}, last=last, days=3) == [0, 5, 0]


def test_a_step_that_lost_most_is_named():
    steps = rules.funnel((100, 50, 40), (100, 80, 76), ("asked", "paid", "completed"))
    assert [step.share for step in steps] == [100, 50, 80]
    assert rules.weakest(steps).name == "paid"
    assert rules.weakest(rules.funnel((10, 9), (10, 5), ("asked", "paid"))) is None


def test_who_is_still_waiting_for_the_session_is_in_no_share():
    steps = rules.funnel((10, 8, 4), (10, 8, 8), ("asked", "paid", "completed"), ahead=(4, 0))
    assert [(step.share, step.ahead) for step in steps] == [(100, 0), (80, 0), (100, 4)]
    assert rules.weakest(steps) is None
    assert rules.funnel((2, 2, 0), (0, 0, 0), ("asked", "paid", "completed"), ahead=(2, 0))[2].share == 0


def test_nothing_before_gives_no_change():
    assert rules.Compared(5, 0).change_percent is None
    assert rules.Compared(6, 4).change_percent == 50
