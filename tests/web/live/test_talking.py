"""What people say over /live, and what is refused."""

from __future__ import annotations

import pytest

from tests import make
from tests.web.live.place import closing_code
from tests.web.live_server import Browser, token_of
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id
from zhixun.web.live import switchboard, wire


def test_what_one_says_both_hear_numbered(place, ada, grace):
    ada.say("send", conversation=place.conversation, client_id="k1", text="你好 🙂")
    heard = grace.hear("message")
    assert heard == ada.hear("message")
    assert (heard["seq"], heard["client_id"], heard["text"], heard["sender"]) == (1, "k1", "你好 🙂", place.ada.user_id)


def test_said_twice_it_is_heard_once_and_answered_with_a_receipt(place, ada, grace):
    for _ in range(2):
        ada.say("send", conversation=place.conversation, client_id="k1", text="hello")
    first, receipt = ada.hear("message"), ada.hear("receipt")
    assert (receipt["seq"], receipt["id"], receipt["client_id"]) == (1, first["id"], "k1")
    grace.hear("message")
    assert grace.hears_nothing()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"text": ""}, "invalid"),
        ({"text": "   \n"}, "invalid"),
        ({"text": "x" * 4_001}, "invalid"),
        ({"text": None}, "invalid"),
        ({"text": ["x"]}, "invalid"),
        ({"client_id": ""}, "invalid"),
        ({"client_id": "x" * 65}, "invalid"),
        ({"client_id": 7}, "invalid"),
        ({"client_id": None}, "invalid"),
        ({"reply_to": new_id()}, "invalid"),
        ({"reply_to": {"a": 1}}, "invalid"),
        ({"conversation": new_id()}, "not_found"),
        ({"conversation": "'; --"}, "not_found"),
        ({"conversation": None}, "not_found"),
        ({"conversation": 12}, "not_found"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words_and_the_connection_stays(place, ada, frame, code):
    whole = {"conversation": place.conversation, "client_id": "k1", "text": "hello", **frame}
    ada.say("send", **whole)
    refused = ada.hear("error")
    assert refused["code"] == code
    assert refused["message"]
    assert refused["about"] == "send"
    ada.say("ping")
    assert ada.hear("pong", "message")["type"] == "pong"


@pytest.mark.parametrize(
    "said",
    ["nonsense", "[]", '{"type": 1}', "{}", '{"type": "dance"}', '{"type": "catch_up"}', '{"type": "x", "a": NaN}'],
)
def test_nonsense_gets_an_error_and_the_connection_stays(place, ada, said):
    ada.socket.send(said)
    assert ada.hear("error")["code"] == "invalid"
    ada.say("ping")
    ada.hear("pong")


def test_bytes_get_an_error_and_the_connection_stays(place, ada):
    ada.socket.send(b"\x00\x01")
    assert ada.hear("error")["code"] == "invalid"


def test_someone_elses_conversation_is_not_found_whatever_one_asks(place):
    with unit_of_work(now=make.NOW) as uow:
        bob, olga = make.client(uow, "Bob"), make.operator(uow)
    for stranger in (bob, olga):
        with Browser(place.url) as browser:
            assert browser.hello(token_of(stranger), after={place.conversation: 0})["conversations"] == {}
            assert browser.hear("error")["code"] == "not_found"
            for kind in ("send", "read", "typing"):
                browser.say(kind, conversation=place.conversation, client_id="k", text="hello", seq=1)
                assert browser.hear("error", "message", "receipt")["code"] == "not_found"
            for kind in ("join", "leave", "signal"):
                browser.say(kind, booking=place.booking, data={})
                assert browser.hear("error", "presence", "peer")["code"] == "not_found"


def test_typing_is_shown_to_the_other_only(place, ada, grace):
    ada.say("typing", conversation=place.conversation)
    assert grace.hear("typing")["user"] == place.ada.user_id
    assert ada.hears_nothing()


def test_reading_is_shown_to_both_and_never_goes_back_or_too_far(place, ada, grace):
    ada.say("send", conversation=place.conversation, client_id="k1", text="hello")
    grace.hear("message")
    for said, mark in ((1, 1), (0, 1), (99, 1)):
        grace.say("read", conversation=place.conversation, seq=said)
        seen = ada.hear("receipt")
        assert (seen["user"], seen["seq"]) == (place.grace.user_id, mark)
    grace.say("read", conversation=place.conversation, seq=-1)
    assert grace.hear("error")["code"] == "invalid"
    grace.say("read", conversation=place.conversation, seq="1")
    assert grace.hear("error")["code"] == "invalid"


def test_more_frames_than_allowed_are_refused(place, ada, monkeypatch):
    monkeypatch.setitem(switchboard.limits, "on", True)
    monkeypatch.setattr(wire, "FRAMES_PER_SECOND", 0.01)
    for _ in range(wire.FRAMES_BURST):
        ada.say("ping")
    ada.say("typing", conversation=place.conversation)
    assert ada.hear("error")["code"] == "too_many"


@pytest.mark.parametrize("said", ['{"type": "ping"}', "nonsense", "[]"])
def test_who_goes_on_after_many_refusals_is_sent_away_whatever_they_say(place, ada, monkeypatch, said):
    monkeypatch.setitem(switchboard.limits, "on", True)
    monkeypatch.setattr(wire, "FRAMES_PER_SECOND", 0.01)
    for _ in range(wire.FRAMES_BURST + wire.STRIKES_MAX + 1):
        ada.socket.send(said)
    assert closing_code(ada) == wire.TOO_MUCH
