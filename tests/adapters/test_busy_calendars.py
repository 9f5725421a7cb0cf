"""Calendars kept elsewhere: what their entries mean, and what we refuse to swallow or to ask."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zhixun.adapters.busy_calendars import asking
from zhixun.adapters.busy_calendars.ics import IcsAddresses
from zhixun.adapters.busy_calendars.unfolding import busy_times
from zhixun.features.scheduling.ports import Source, Unreadable
from zhixun.features.scheduling.rules import Problem

FROM, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
ODD_ZONE = """BEGIN:VTIMEZONE
TZID:Office of Grace (odd)
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str, before: str = "") -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{before}{inside}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def busy(*events: str, zone: str = "Asia/Shanghai", before: str = "") -> list[str]:
    found = busy_times(calendar(*events, before=before), zone=zone, from_=FROM, until=UNTIL)
    return [f"{one.start:%m-%d %H:%M}–{one.end:%m-%d %H:%M}" for one in found]


MEANINGS = {
    "in UTC": (["UID:1\nDTSTART:20260302T010000Z\nDTEND:20260302T020000Z"], ["03-02 01:00–03-02 02:00"]),
    "in a zone": (["UID:1\nDTSTART;TZID=Europe/Berlin:20260302T100000\nDURATION:PT1H"], ["03-02 09:00–03-02 10:00"]),
    "without a zone it is the consultant's": (["UID:1\nDTSTART:20260302T100000\nDTEND:20260302T110000"], ["03-02 02:00–03-02 03:00"]),
    "in a Windows zone": (["UID:1\nDTSTART;TZID=W. Europe Standard Time:20260302T100000\nDURATION:PT1H"], ["03-02 09:00–03-02 10:00"]),
    "a whole day is the consultant's day": (["UID:1\nDTSTART;VALUE=DATE:20260302"], ["03-01 16:00–03-02 16:00"]),
    "several days": (["UID:1\nDTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260305"], ["03-01 16:00–03-04 16:00"]),
    "marked free": (["UID:1\nDTSTART:20260302T010000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT"], []),
    "cancelled": (["UID:1\nDTSTART:20260302T010000Z\nDURATION:PT1H\nSTATUS:CANCELLED"], []),
    "weekly over a change of clocks, on the same local time": (
        ["UID:1\nDTSTART;TZID=Europe/Berlin:20260323T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"],
        ["03-23 09:00–03-23 10:00", "03-30 08:00–03-30 09:00"],
    ),
    "exceptions, additions and a moved one": (
        [
            "UID:1\nDTSTART:20260302T010000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260303T010000Z\nRDATE:20260310T010000Z",
            "UID:1\nRECURRENCE-ID:20260304T010000Z\nDTSTART:20260304T050000Z\nDURATION:PT1H",
        ],
        ["03-02 01:00–03-02 02:00", "03-04 05:00–03-04 06:00", "03-05 01:00–03-05 02:00", "03-10 01:00–03-10 02:00"],
    ),
    "one of a series cancelled": (
        ["UID:1\nDTSTART:20260302T010000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
         "UID:1\nRECURRENCE-ID:20260302T010000Z\nDTSTART:20260302T010000Z\nDURATION:PT1H\nSTATUS:CANCELLED"],
        ["03-03 01:00–03-03 02:00"],
    ),
    "until a day, included": (
        ["UID:1\nDTSTART:20260302T010000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260303"],
        ["03-02 01:00–03-02 02:00", "03-03 01:00–03-03 02:00"],
    ),
    "overlapping ones are one time": (
        ["UID:1\nDTSTART:20260302T010000Z\nDURATION:PT2H", "UID:2\nDTSTART:20260302T020000Z\nDURATION:PT2H"],
        ["03-02 01:00–03-02 04:00"],
    ),
    "the newer version of an entry": (
        ["UID:1\nSEQUENCE:2\nDTSTART:20260302T050000Z\nDURATION:PT1H", "UID:1\nSEQUENCE:1\nDTSTART:20260302T010000Z\nDURATION:PT1H"],
        ["03-02 05:00–03-02 06:00"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGS)
def test_an_entry_means(case: str) -> None:
    events, expected = MEANINGS[case]
    assert busy(*events) == expected


def test_a_zone_nobody_knows_is_read_from_its_own_rules() -> None:
    event = "UID:1\nDTSTART;TZID=Office of Grace (odd):20260323T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert busy(event, before=ODD_ZONE) == ["03-23 09:00–03-23 10:00", "03-30 08:00–03-30 09:00"]


def test_an_endless_series_ends_with_what_we_look_at() -> None:
    assert len(busy("UID:1\nDTSTART:19800101T010000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")) == 61


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"<html>Sign in</html>", Problem.NO_CALENDAR),
        (b"", Problem.NO_CALENDAR),
        (calendar("UID:1\nDTSTART:20260302T010000Z\nRRULE:FREQ=SECONDLY"), Problem.TOO_OFTEN),
        (calendar("UID:1\nDTSTART:20260302T010000Z\nRRULE:FREQ=WEEKLY;BYDAY=XX"), Problem.NO_CALENDAR),
        (calendar(*["UID:1\nDTSTART:20260302T010000Z"] * 10_001), Problem.TOO_LARGE),
        (calendar(*[f"UID:{n}\nDTSTART:16010101T010000Z\nRRULE:FREQ=DAILY" for n in range(9)]), Problem.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_said(text: bytes, problem: Problem) -> None:
    with pytest.raises(Unreadable) as refused:
        busy_times(text, zone="UTC", from_=FROM, until=UNTIL)
    assert refused.value.problem == problem


class Shelf(ThreadingHTTPServer):
    status, location, encoding = 200, "", ""
    body = calendar("UID:1\nDTSTART:20260302T010000Z\nDURATION:PT1H")
    asked = 0
    pause: threading.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/grace.ics"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shelf = self.server
        assert isinstance(shelf, Shelf)
        shelf.asked += 1
        if shelf.pause:
            shelf.pause.wait(30)
        moved = self.path != "/moved" and shelf.location
        self.send_response(302 if moved else shelf.status)
        for name, value in (("Location", shelf.location if moved else ""), ("Content-Encoding", shelf.encoding)):
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", "0" if moved else str(len(shelf.body)))
        self.end_headers()
        if not moved:
            self.wfile.write(shelf.body)

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def read(address: str, *, private_allowed: bool = True) -> int:
    source = Source(address, "Asia/Shanghai")
    return len(IcsAddresses(private_allowed=private_allowed).read(source, from_=FROM, until=UNTIL))


def problem(address: str, *, private_allowed: bool = True) -> Problem:
    with pytest.raises(Unreadable) as refused:
        read(address, private_allowed=private_allowed)
    return refused.value.problem


def test_a_file_is_read_packed_or_not_and_where_it_has_moved_to(shelf: Shelf) -> None:
    assert read(shelf.url) == 1
    shelf.location = "/moved"
    assert read(shelf.url) == 1
    shelf.body, shelf.encoding = gzip.compress(shelf.body), "gzip"
    assert read(shelf.url) == 1


def test_redirects_end_and_lead_to_web_addresses_only(shelf: Shelf) -> None:
    shelf.location = "/again"
    assert problem(shelf.url) == Problem.GONE
    assert shelf.asked == asking.REDIRECTS_MAX + 1
    shelf.location = "file:///etc/passwd"
    assert problem(shelf.url) == Problem.PRIVATE


def test_too_much_is_not_swallowed_however_small_it_came(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BYTES_MAX", 1_000_000)
    shelf.body, shelf.encoding = gzip.compress(b"\n" * 50_000_000, 9), "gzip"
    assert problem(shelf.url) == Problem.TOO_LARGE
    shelf.body, shelf.encoding = b"\n" * 1_000_001, ""
    assert problem(shelf.url) == Problem.TOO_LARGE


@pytest.mark.parametrize(
    ("status", "said"), [(401, Problem.SECRET), (404, Problem.GONE), (410, Problem.GONE), (500, Problem.THEIR_FAULT)]
)
def test_other_answers_are_told_apart(shelf: Shelf, status: int, said: Problem) -> None:
    shelf.status = status
    assert problem(shelf.url) == said


def test_nobody_there_and_no_answer_in_time(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem("http://127.0.0.1:9/a.ics") == Problem.NO_ANSWER
    monkeypatch.setattr(asking, "WHOLE_SECONDS_MAX", 0.3)
    shelf.pause = threading.Event()
    assert problem(shelf.url) == Problem.NO_ANSWER
    shelf.pause.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_a_private_address_is_not_asked_whatever_its_name(shelf: Shelf, host: str) -> None:
    assert problem(f"http://{host}:{shelf.server_port}/", private_allowed=False) == Problem.PRIVATE
    assert shelf.asked == 0


def test_a_public_address_may_not_send_us_into_our_own_network(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf plays the public net: the first name is taken for public, the one it sends us to is not."""
    asked: list[str] = []

    async def number_of(host: str, port: int, *, private_allowed: bool) -> str:
        asked.append(host)
        return "127.0.0.1" if host == "public.example" else await real(host, port, private_allowed=private_allowed)

    real = asking.number_of
    monkeypatch.setattr(asking, "number_of", number_of)
    shelf.location = f"http://localhost:{shelf.server_port}/moved"
    assert problem(f"http://public.example:{shelf.server_port}/", private_allowed=False) == Problem.PRIVATE
    assert (asked, shelf.asked) == (["public.example", "localhost"], 1)


def test_a_name_that_changes_its_number_is_asked_once_and_that_number_is_connected_to(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.1", "127.0.0.2"])
    real = socket.getaddrinfo

    def rebinding(host: object, *rest: object, **more: object) -> object:
        return real(next(answers), *rest, **more) if host == "rebinding.example" else real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert read(f"http://rebinding.example:{shelf.server_port}/") == 1
    assert next(answers) == "127.0.0.2"
