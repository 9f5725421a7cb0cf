"""Who is in the session room, and what their browsers say to each other."""

from __future__ import annotations

from tests.web.live_server import Browser, token_of


def test_both_learn_that_the_other_is_in_the_room_and_when_they_leave(place, ada, grace):
    ada.say("join", booking=place.booking)
    assert ada.hear("presence")["state"] == "confirmed"
    grace.say("join", booking=place.booking)
    assert ada.hear("presence")["user"] == place.grace.user_id
    peer = grace.hear("peer")
    assert (peer["user"], peer["here"]) == (place.ada.user_id, True)
    grace.socket.close()
    gone = ada.hear("presence")
    assert (gone["user"], gone["here"]) == (place.grace.user_id, False)


def test_who_closes_one_of_two_tabs_is_still_here(place, ada, grace):
    grace.say("join", booking=place.booking)
    grace.hear("presence")
    ada.say("join", booking=place.booking)
    with Browser(place.url) as second:
        second.hello(token_of(place.ada))
        second.say("join", booking=place.booking)
        second.hear("presence")
    seen = [grace.hear("presence") for _ in range(4)]
    assert [frame["here"] for frame in seen] == [True, True, False, True]


def test_signals_reach_the_other_unread(place, ada, grace):
    data = {"sdp": "v=0\r\n" * 500, "odd": "\ud800 \u0000 知"}
    ada.say("signal", booking=place.booking, data=data)
    assert grace.hear("signal")["data"] == data
    assert ada.hears_nothing()
