from datetime import timedelta

import pytest

from tests import make
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import GroupWish
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging.rules import conversation_id_of
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, Words, new_id, utc_now


@pytest.fixture
def talk(house):
    """The path of Ada's and Grace's conversation."""
    house.confirmed()
    return f"/conversations/{conversation_id_of(house.ada_id, house.grace_id)}/messages"


def test_both_read_what_was_written_in_order(house, talk):
    for number in range(3):
        sent = house.ada.post(talk, {"client_id": f"a{number}", "text": f"你好 {number}"})
        assert (sent.status_code, sent.json["seq"]) == (201, number + 1)
    answer = house.grace.post(talk, {"client_id": "b0", "text": "好", "reply_to": sent.json["id"]})
    assert answer.json["reply_to"] == sent.json["id"]
    for who in (house.ada, house.grace):
        lines = who.get(talk).json
        assert [line["seq"] for line in lines["items"]] == [1, 2, 3, 4]
        assert lines["next"] is None


def test_the_same_client_id_twice_is_sent_once(house, talk):
    one = house.ada.post(talk, {"client_id": "a", "text": "你好"})
    other = house.ada.post(talk, {"client_id": "a", "text": "你好"})
    assert one.json == other.json
    assert len(house.ada.get(talk).json["items"]) == 1


def test_who_knows_a_number_is_given_what_follows_page_by_page(house, talk):
    for number in range(5):
        house.ada.post(talk, {"client_id": f"a{number}", "text": "."})
    page = house.grace.get(talk, after_seq=1, limit=2).json
    assert [line["seq"] for line in page["items"]] == [2, 3]
    page = house.grace.get(talk, cursor=page["next"], limit=2).json
    assert ([line["seq"] for line in page["items"]], page["next"]) == ([4, 5], None)
    assert house.grace.get(talk, after_seq=99).json == {"items": [], "next": None}


def test_conversations_say_what_is_new(house, talk):
    house.ada.post(talk, {"client_id": "a", "text": "你好"})
    (line,) = house.grace.get("/conversations").json["items"]
    assert (line["last_text"], line["last_seq"], line["unread"]) == ("你好", 1, 1)
    assert (line["client"]["name"], line["consultant"]["name"]) == ("Ada", "Grace")
    assert house.ada.get("/conversations").json["items"][0]["unread"] == 0
    assert house.bob.get("/conversations").json == {"items": [], "next": None}


def test_someone_elses_conversation_is_not_found(house, talk):
    assert house.bob.get(talk).status_code == 404
    assert house.bob.post(talk, {"client_id": "a", "text": "?"}).status_code == 404
    assert house.visitor.get(talk).status_code == 401


def test_a_message_that_cannot_be_is_refused_by_name(house, talk):
    for body, field in (
        ({"client_id": "a"}, "text"), ({"client_id": "a", "text": ""}, "text"), ({"client_id": "a", "text": "  "}, "text"),
        ({"client_id": "a", "text": "x" * 4_001}, "text"), ({"client_id": "", "text": "x"}, "client_id"),
        ({"client_id": "a b", "text": "x"}, "client_id"), ({"client_id": "a", "text": "x", "reply_to": "1"}, "reply_to"),
        ({"client_id": "a", "text": "x", "reply_to": "0" * 32}, "reply_to"),
    ):  # fmt: skip
        refused = house.ada.post(talk, body)
        assert (refused.status_code, list(refused.json["fields"])) == (400, [field]), body
    assert house.ada.get(talk).json["items"] == []


def test_a_way_to_reach_each_other_is_held_back_once_before_the_first_session(house, talk):
    body = {"client_id": "a", "text": "加我微信 grace_2024，或者打 13800138000"}
    held = house.ada.post(talk, body)
    assert (held.status_code, held.json["code"]) == (409, "contact_found")
    assert held.json["kind"] in ("phone", "wechat")
    assert house.ada.get(talk).json["items"] == []
    assert house.ada.post(talk, body).status_code == 201
    assert len(house.grace.get(talk).json["items"]) == 1


def test_a_message_is_shown_at_once_on_open_screens(house, talk):
    heard = []
    end = service(RealtimeHub).subscribe(f"user:{house.grace_id}", heard.append)
    house.ada.post(talk, {"client_id": "a", "text": "你好"})
    end()
    assert [(frame["type"], frame["seq"], frame["text"]) for frame in heard] == [("message", 1, "你好")]


def test_a_message_in_a_group_is_shown_to_everyone_who_has_a_seat(house):
    start = utc_now().replace(microsecond=0) + timedelta(days=3)
    group_id, wish = (
        new_id(),
        GroupWish(Words("Interview practice"), start, 60, Money(100), 3, 1, start - timedelta(days=1)),
    )
    with unit_of_work() as uow:
        guests = [Actor(house.ada_id, frozenset({"client"})), make.client(uow, "Carl")]
        grace = Actor(house.grace_id, frozenset({"client", "consultant"}))
        bookings.set_group(make.acting(uow, grace), group_id=group_id, wish=wish)
        uow.db.flush()
        for guest in guests:
            seat = bookings.take_seat(make.acting(uow, guest), booking_id=new_id(), group_id=group_id)
            make.pay(uow, seat.booking_id)
            bookings.confirm_if_paid(uow, booking_id=seat.booking_id)
            uow.db.flush()
        talk = messaging.open_for_group(make.acting(uow, grace), group_id=group_id)
    heard = []
    for who in (house.grace_id, *(guest.user_id for guest in guests)):
        service(RealtimeHub).subscribe(f"user:{who}", lambda frame, who=who: heard.append((who, frame["text"])))
    sent = house.ada.post(f"/conversations/{talk}/messages", {"client_id": "a", "text": "你好"})
    assert sent.status_code == 201, sent.text
    assert sorted(heard) == sorted((who, "你好") for who in (house.grace_id, house.ada_id, guests[1].user_id))
