"""The pages of finding, as a browser without a script meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.catalog import actions as catalog
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.rules import WeeklyHours
from zhixun.features.search import actions as free_times
from zhixun.features.search.handlers import bring_up_to_date
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, Words

EVENINGS = (WeeklyHours(make.EVERY_DAY, "18:00", "22:00"),)
FIRST = "2026-11-25T01:00:00Z"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work(now=NOW) as uow:
        catalog.put_house_fields(uow)
    return made


@pytest.fixture
def ada(app: Flask) -> str:
    """A lawyer in Shanghai with two services; her address ends with her name."""
    text = {"channel": "text", "price": Money(12_000), "minutes": 30}
    return listed("Ada", line=Words("裁员与协商解除", "Layoffs"), services=[{}, text])


def listed(name: str, **page: object) -> str:
    with unit_of_work(now=NOW) as uow:
        made = make.listed(uow, name, **page)  # type: ignore[arg-type]
    bring_up_to_date([made])
    return made


def address(consultant_id: str, name: str = "ada") -> str:
    return f"/c/{name}-{consultant_id[-8:]}"


def client() -> Actor:
    with unit_of_work(now=NOW) as uow:
        return make.client(uow, "Clara")


@pytest.mark.parametrize("english", [False, True])
@pytest.mark.parametrize(
    "path", ["/", "/match?q=%E8%A3%81%E5%91%98", "/consultants", "/consultants?free=week&sort=soonest"]
)
def test_every_page_opens_in_both_languages_within_the_limit_of_sql(
    app: Flask, ada: str, path: str, english: bool
) -> None:
    answer = Visitor(app, client(), english=english).get(path)
    assert answer.status_code == 200
    assert statements(answer) <= STATEMENTS_MAX
    assert ("Ada" in answer.text) or path == "/"


def test_the_home_page_keeps_to_the_limit_of_sql_while_calendars_have_just_changed(app: Flask, ada: str) -> None:
    bob = listed("Bob", field_id="health", topic_ids=["sleep"])
    with unit_of_work(now=NOW) as uow:
        free_times.write_free_times(uow, consultant_ids=[ada, bob])
    with unit_of_work(now=NOW) as uow:
        scheduling.set_weekly_hours(uow, consultant_id=ada, hours=EVENINGS)
    answer = Visitor(app, client()).get("/")
    assert "今天 18:00 可约" in words(answer)
    assert statements(answer) <= STATEMENTS_MAX


def test_an_empty_house_still_opens(app: Flask) -> None:
    for path in ("/", "/match?q=离婚", "/consultants"):
        assert Visitor(app).get(path).status_code == 200
    assert "还没有咨询师上线" in words(Visitor(app).get("/consultants"))


def test_the_home_page_counts_and_offers_who_is_free_today(app: Flask, ada: str) -> None:
    listed("Bob", field_id="health", topic_ids=["sleep"], hours=EVENINGS)
    page = words(Visitor(app).get("/"))
    assert "本页时间：北京时间（UTC+8）" in page
    assert "今天还能约到" in page
    assert "1 位咨询师" in page
    assert "今天 18:00 可约" in page
    assert "北京时间（UTC+8）" in page


def test_the_home_page_offers_the_week_when_today_is_full(app: Flask, ada: str) -> None:
    assert "这周还能约到" in words(Visitor(app).get("/"))


def test_a_match_quotes_understands_suggests_and_doubts(app: Flask, ada: str) -> None:
    page = words(Visitor(app).get("/match?q=" + quote("公司裁员，我在上海")))
    for said in ("公司裁员，我在上海", "裁员与离职补偿", "上海", "正是你问的", "留意", "刚加入，还没有反馈"):
        assert said in page


@pytest.mark.parametrize("question", ["", "%20%20", "%EF%BC%9F%EF%BC%9F", "%F0%9F%99%82"])
def test_a_question_without_words_asks_for_one_sentence(app: Flask, ada: str, question: str) -> None:
    answer = Visitor(app).get(f"/match?q={question}&field=legal")
    assert answer.status_code == 200
    assert "写一句就够" in words(answer)
    assert re.search(r'value="legal" checked', answer.text)


def test_danger_shows_help_first_and_sells_nothing(app: Flask, ada: str) -> None:
    answer = Visitor(app).get("/match?q=" + quote("被裁员了，我不想活了"))
    page = words(answer)
    assert all(number in page for number in ("120", "110", "12356"))
    assert "¥" not in page
    assert "Ada" not in page
    english = words(Visitor(app, english=True).get("/match?q=" + quote("I want to kill myself")))
    assert all(number in english for number in ("120", "110", "12356"))


def test_what_one_types_is_shown_as_text_and_kept_whole(app: Flask, ada: str) -> None:
    nasty = '<script>alert(1)</script>"裁员 %s {{7*7}}'
    answer = Visitor(app).get("/match?q=" + quote(nasty))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert Visitor(app).get("/match?q=" + quote("裁员" * 2_500)).status_code == 200


def test_a_read_topic_can_be_taken_away_and_back(app: Flask, ada: str) -> None:
    page = Visitor(app).get("/match?q=" + quote("裁员补偿"))
    assert "without=labour-dismissal" in page.text
    without = words(Visitor(app).get("/match?q=" + quote("裁员补偿") + "&without=labour-dismissal"))
    assert "裁员与离职补偿" not in without
    assert "全部恢复" in without


def test_when_filters_leave_nobody_the_nearest_are_shown(app: Flask, ada: str) -> None:
    answer = Visitor(app).get("/match?q=" + quote("裁员") + "&channel=voice")
    page = words(answer)
    assert "没有人同时符合这些条件" in page
    assert "Ada" in page
    assert statements(answer) <= STATEMENTS_MAX


def test_parts_of_an_address_that_make_no_sense_are_left_out_and_named(app: Flask, ada: str) -> None:
    answer = Visitor(app).get(
        "/consultants?channel=fax&price=-1&free=never&page=0&field=x&topic=y&sort=z&gender=q&language=fr"
    )
    page = words(answer)
    assert answer.status_code == 200
    assert "Ada" in page
    for name in ("channel", "price", "free", "page", "field", "topic", "sort", "gender", "language"):
        assert name in page


@pytest.mark.parametrize("number", ["0000001" + "9" * 12, "0" * 5_000 + "1", "1" * 5_000, "٣"])
def test_a_number_however_long_is_left_out_and_named(app: Flask, ada: str, number: str) -> None:
    for name in ("page", "price"):
        answer = Visitor(app).get(f"/consultants?{name}={quote(number)}")
        assert (answer.status_code, "Ada" in words(answer), name in words(answer)) == (200, True, True)
    assert Visitor(app).get(address(ada) + f"?week={quote(number)}").status_code == 200


def test_a_filter_is_a_link_that_takes_it_away(app: Flask, ada: str) -> None:
    answer = Visitor(app).get("/consultants?field=legal&channel=voice")
    assert "没有人同时符合这些条件" in words(answer)
    assert 'href="/consultants?channel=voice"' in answer.text
    assert 'href="/consultants?field=legal"' in answer.text


def test_a_changed_field_drops_the_topic_of_the_old_one(app: Flask, ada: str) -> None:
    assert "Ada" in words(Visitor(app).get("/consultants?field=legal&topic=sleep"))


def test_a_page_beyond_the_last_says_so(app: Flask, ada: str) -> None:
    assert "没有这一页" in words(Visitor(app).get("/consultants?page=40"))


def test_a_consultants_page_shows_a_form_that_books_without_a_script(app: Flask, ada: str) -> None:
    visitor = Visitor(app, client())
    answer = visitor.get(address(ada))
    assert answer.status_code == 200
    assert statements(answer) <= STATEMENTS_MAX
    form = re.search(r'<form class="book card".*?</form>', answer.text, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(booking_id|csrf_token)" value="([^"]+)"', form.group()))
    service_id = re.search(r'name="service_id"[^>]*value="([0-9a-f]{32})"', form.group())
    assert service_id is not None
    assert FIRST in form.group()
    booked = visitor.post("/bookings", booking_id=fields["booking_id"], service_id=service_id.group(1), start=FIRST)
    assert (booked.status_code, booked.headers["Location"]) == (303, f"/checkout/{fields['booking_id']}")


def test_the_time_in_the_address_is_chosen_with_its_refund_in_dates(app: Flask, ada: str) -> None:
    answer = Visitor(app).get(address(ada) + "?at=2026-11-26T02:00:00Z")
    assert re.search(r'value="2026-11-26T02:00:00Z" checked', answer.text)
    assert "11月25日 周三 10:00 前取消，全额退回" in words(answer)


@pytest.mark.parametrize("at", ["2026-11-25T01:07:00Z", "2026-12-05T01:00:00Z"])
def test_a_time_that_is_not_free_is_said_and_the_service_kept(app: Flask, ada: str, at: str) -> None:
    page = Visitor(app).get(address(ada))
    text = re.findall(r'name="service_id"[^>]*value="([0-9a-f]{32})"', page.text)[1]
    answer = Visitor(app).get(f"{address(ada)}?service={text}&at={at}")
    assert "已经约不到了" in words(answer)
    assert re.search(rf'value="{text}"[^>]* checked', answer.text)


@pytest.mark.parametrize(
    "query", ["?at=x", "?at=", "?service=x&at=9", "?week=99", "?week=-1", "?at=2026-11-25", "?week=1&service="]
)
def test_nonsense_in_the_address_of_a_consultant_is_left_out(app: Flask, ada: str, query: str) -> None:
    assert Visitor(app).get(address(ada) + query).status_code == 200


def test_every_time_is_written_on_the_readers_clock_and_the_zone_is_named(app: Flask, ada: str) -> None:
    with unit_of_work(now=NOW) as uow:
        london = make.client(uow, "Lena", zone="Europe/London", language="en")
    page = words(Visitor(app, london, english=True).get(address(ada)))
    assert "London time (UTC+0)" in page
    assert "01:00" in page
    assert "09:00" not in page.replace("09:00:00", "")


def test_little_feedback_is_said_instead_of_a_score(app: Flask, ada: str) -> None:
    assert "新顾问，还没有人反馈。满 5 份才显示分数。" in words(Visitor(app).get(address(ada)))


def test_a_page_with_reviews_keeps_to_the_limit_of_statements_for_whoever_is_signed_in(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        bea, grace = make.client(uow, "Bea"), make.consultant(uow)
        held = make.completed_booking(uow, client=bea, consultant=grace)
    with unit_of_work(now=NOW + timedelta(days=3)) as uow:
        make.feedback(uow, held, client=bea, words="She saw at once what mattered.")
    answer = Visitor(app, client()).get(f"/c/{grace.slug}")
    assert "She saw at once what mattered." in words(answer)
    assert statements(answer) <= STATEMENTS_MAX


def test_who_has_no_free_time_says_so_and_leads_to_similar_people(app: Flask, ada: str) -> None:
    closed = listed("Closed", hours=())
    answer = Visitor(app).get(address(closed, "closed"))
    assert "未来 14 天没有空闲时间" in words(answer)
    assert "同主题还有 1 位咨询师" in words(answer)
    assert "topic=labour-dismissal" in answer.text


def test_a_week_without_times_is_skipped_and_can_be_turned_back_to(app: Flask, ada: str) -> None:
    with unit_of_work(now=NOW) as uow:
        for day in range(8):
            scheduling.set_override(uow, consultant_id=ada, day=(NOW + timedelta(days=day)).date(), openings=())
    answer = Visitor(app).get(address(ada))
    assert "week=0" in answer.text
    assert "2026-12-03T01:00:00Z" in answer.text
    assert "这一周没有空闲" in words(Visitor(app).get(address(ada) + "?week=0"))


def test_who_left_is_gone_and_others_are_shown_who_never_was_is_not_found(app: Flask, ada: str) -> None:
    listed("Grace")
    with unit_of_work(now=NOW) as uow:
        catalog.unlist_consultant(uow, consultant_id=ada)
    bring_up_to_date([ada])
    gone = Visitor(app).get(address(ada))
    assert gone.status_code == 410
    assert "Grace" in words(gone)
    assert statements(gone) <= STATEMENTS_MAX
    for nobody in ("nobody", "a" * 3_000, "%00", "..%2f.."):
        assert Visitor(app).get(f"/c/{nobody}").status_code == 404


def test_a_zero_byte_or_a_broken_letter_breaks_nothing(app: Flask, ada: str) -> None:
    for path in (
        "/match?q=%00%ff",
        "/consultants?q=%00",
        "/consultants?topic=%00",
        "/match?q=x&without=%00",
        "/c/ada?at=%00",
    ):
        assert Visitor(app).get(path).status_code in (200, 404)
