"""One suite for both ways a calendar is kept elsewhere, a file and a collection on a real CalDAV server; and what only the
second can do: ask for a password, be no calendar, be written into."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
from icalendar import Calendar

from tests.radicale import GRACE, Server, entry, running
from zhixun.adapters.busy_calendars import FilesAndCollections, asking, caldav
from zhixun.adapters.busy_calendars.caldav import Collections
from zhixun.adapters.busy_calendars.ics import IcsAddresses
from zhixun.features.booking.ports import Place, Unwritable
from zhixun.features.booking.queries import Entry, calendar_text
from zhixun.features.scheduling.ports import Source, Unreadable
from zhixun.features.scheduling.rules import Login, Problem

FROM, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
HOUR = "DTSTART:20260302T010000Z", "DURATION:PT1H"
BOTH = FilesAndCollections(IcsAddresses(private_allowed=True), Collections(private_allowed=True))


class Shelf(ThreadingHTTPServer):
    """A plain web server that says what it is told to."""

    status, body, location, asked = 200, b"", "", 0
    heard: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/grace"


class Page(BaseHTTPRequestHandler):
    def answer(self) -> None:
        shelf = self.server
        assert isinstance(shelf, Shelf)
        shelf.asked += 1
        shelf.heard = self.headers["Authorization"]
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(302 if shelf.location else shelf.status)
        if shelf.location:
            self.send_header("Location", shelf.location)
        self.send_header("Content-Length", str(len(shelf.body)))
        self.end_headers()
        self.wfile.write(shelf.body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self.answer

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def diary(server: Server) -> str:
    """An empty calendar of its own."""
    return server.make_calendar(f"diary-{uuid4().hex[:8]}")


Kept = Callable[[list[str]], Source]


@pytest.fixture(params=["file", "collection"])
def kept(request: pytest.FixtureRequest, server: Server) -> Kept:
    """Puts calendars with one UID each somewhere, and says where they are to be read from."""
    if request.param == "file":
        shelf = request.getfixturevalue("shelf")

        def in_file(texts: list[str]) -> Source:
            shelf.body = "".join(texts).replace("\n", "\r\n").encode()
            return Source(shelf.url, "Asia/Shanghai")

        return in_file

    def in_collection(texts: list[str]) -> Source:
        address = server.make_calendar(f"diary-{uuid4().hex[:8]}")
        for number, text in enumerate(texts):
            server.at(address).put(str(number), text)
        return Source(address, "Asia/Shanghai", GRACE)

    return in_collection


def busy(source: Source) -> list[str]:
    found = BOTH.read(source, from_=FROM, until=UNTIL)
    return [f"{one.start:%m-%d %H:%M}–{one.end:%m-%d %H:%M}" for one in found]


def problem(source: Source, *, private_allowed: bool = True) -> Problem:
    with pytest.raises(Unreadable) as refused:
        Collections(private_allowed=private_allowed).read(source, from_=FROM, until=UNTIL)
    return refused.value.problem


MEANINGS = {
    "in UTC": ([entry("1", *HOUR)], ["03-02 01:00–03-02 02:00"]),
    "in a zone": ([entry("1", "DTSTART;TZID=Europe/Berlin:20260302T100000", "DURATION:PT1H")], ["03-02 09:00–03-02 10:00"]),
    "without a zone it is the consultant's": ([entry("1", "DTSTART:20260301T010000", "DURATION:PT1H"), entry("2", "DTSTART:20260302T100000", "DURATION:PT1H")], ["03-02 02:00–03-02 03:00"]),
    "a whole day is the consultant's day": ([entry("1", "DTSTART;VALUE=DATE:20260302")], ["03-01 16:00–03-02 16:00"]),
    "marked free": ([entry("1", *HOUR, "TRANSP:TRANSPARENT")], []),
    "cancelled": ([entry("1", *HOUR, "STATUS:CANCELLED")], []),
    "over a change of clocks on the same local time": (
        [entry("1", "DTSTART;TZID=Europe/Berlin:20260323T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2")],
        ["03-23 09:00–03-23 10:00", "03-30 08:00–03-30 09:00"],
    ),
    "a series with an exception and one that was moved": (
        [entry(
            "1", *HOUR, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260303T010000Z", "END:VEVENT", "BEGIN:VEVENT", "UID:1",
            "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20260304T010000Z", "DTSTART:20260304T050000Z", "DURATION:PT1H",
        )],
        ["03-02 01:00–03-02 02:00", "03-04 05:00–03-04 06:00"],
    ),
    "overlapping ones are one time": (
        [entry("1", *HOUR), entry("2", "DTSTART:20260302T013000Z", "DURATION:PT1H")], ["03-02 01:00–03-02 02:30"]
    ),
    "an endless series begun long ago": ([entry("1", "DTSTART:20200101T010000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=9")], ["04-09 01:00–04-09 02:00"]),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGS)
def test_an_entry_means_the_same_wherever_it_is_kept(kept: Kept, case: str) -> None:
    texts, expected = MEANINGS[case]
    assert busy(kept(texts)) == expected


def test_our_own_entries_keep_nobody_busy_and_others_of_another_house_do(kept: Kept) -> None:
    source = kept([entry("ours@zhixun", *HOUR), entry("theirs@zhixun", "DTSTART:20260303T010000Z", "DURATION:PT1H")])
    own = Source(source.address, source.zone, source.login, frozenset({"ours@zhixun"}))
    assert busy(own) == ["03-03 01:00–03-03 02:00"]


def test_a_series_by_the_second_is_refused_wherever_it_is_kept(kept: Kept) -> None:
    source = kept([entry("1", *HOUR, "RRULE:FREQ=SECONDLY")])
    with pytest.raises(Unreadable) as refused:
        BOTH.read(source, from_=FROM, until=UNTIL)
    assert refused.value.problem == Problem.TOO_OFTEN


def test_a_wrong_password_and_what_is_no_calendar_are_told_apart(server: Server, diary: str) -> None:
    assert problem(Source(diary, "UTC", Login("grace", "wrong"))) == Problem.PASSWORD
    assert problem(Source(diary, "UTC", Login("nobody", "wrong"))) == Problem.PASSWORD
    assert problem(Source(f"{server.url}/grace/", "UTC", GRACE)) == Problem.NO_COLLECTION, "the account"
    assert problem(Source(server.make_address_book(), "UTC", GRACE)) == Problem.NO_COLLECTION
    assert problem(Source(server.make_calendar("tasks", of="VTODO"), "UTC", GRACE)) == Problem.NO_COLLECTION
    assert problem(Source(f"{server.url}/grace/nothing/", "UTC", GRACE)) == Problem.GONE


def test_a_server_that_knows_no_caldav_is_told(shelf: Shelf) -> None:
    shelf.body = b"<html>Welcome</html>"
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.NO_COLLECTION
    for status, said in ((500, Problem.THEIR_FAULT), (405, Problem.NO_COLLECTION), (403, Problem.PASSWORD)):
        shelf.status = status
        assert problem(Source(shelf.url, "UTC", GRACE)) == said


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><multistatus xmlns="DAV:">&b;</multistatus>'


@pytest.mark.parametrize("body", [BOMB.encode(), BOMB.encode("utf-16"), b"<a>" * 100_000, b"", b"\xff\xfe"])
def test_xml_that_is_a_bomb_or_none_at_all_is_not_swallowed(shelf: Shelf, body: bytes) -> None:
    shelf.status, shelf.body = 207, body
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.NO_CALENDAR


def multistatus(*texts: str) -> bytes:
    data = "".join(
        f"<response><propstat><prop><resourcetype><C:calendar/></resourcetype><C:calendar-data>{text}</C:calendar-data>"
        "</prop></propstat></response>" for text in texts
    )  # fmt: skip
    return f'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{data}</multistatus>'.encode()


def test_ten_thousand_entries_and_more_bytes_than_we_take_are_too_large(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.status, shelf.body = 207, multistatus(*[entry(str(n), *HOUR) for n in range(10_001)])
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.TOO_LARGE
    monkeypatch.setattr(asking, "BYTES_MAX", 1_000)
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.TOO_LARGE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_a_private_address_is_not_asked_and_hears_no_password(shelf: Shelf, host: str) -> None:
    address = f"http://{host}:{shelf.server_port}/"
    assert problem(Source(address, "UTC", GRACE), private_allowed=False) == Problem.PRIVATE
    with pytest.raises(Unwritable) as refused:
        Collections().put(Place(address, GRACE), name="a", uid="a", text=b"")
    assert (refused.value.problem, shelf.asked) == (Problem.PRIVATE, 0)


def test_the_password_goes_to_no_other_server(shelf: Shelf, server: Server) -> None:
    shelf.location = f"{server.url}/grace/diary/"
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.SENT_ON
    shelf.location = "/elsewhere"
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.GONE
    assert shelf.asked == 1 + asking.REDIRECTS_MAX + 1


def test_no_answer_in_time_is_said(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caldav, "SECONDS_MAX", 0)
    assert problem(Source(shelf.url, "UTC", GRACE)) == Problem.NO_ANSWER
    assert problem(Source("http://127.0.0.1:9/", "UTC", GRACE)) == Problem.NO_ANSWER


def session(hour: int, sequence: int = 0, uid: str = "b1") -> bytes:
    start, end = datetime(2026, 3, 9, hour, tzinfo=UTC), datetime(2026, 3, 9, hour + 1, tzinfo=UTC)
    one = Entry(uid, sequence, start, end, "一小时咨询", "https://zhixun.example/sessions/b1")
    return calendar_text([one], now=FROM, method="")


def starts(server: Server, address: str) -> dict[str, datetime]:
    texts = server.at(address).entries().items()
    return {name: Calendar.from_ical(text).walk("VEVENT")[0]["DTSTART"].dt for name, text in texts}


def test_what_is_put_there_stands_there_once_is_replaced_and_goes(server: Server, diary: str) -> None:
    copies, place = Collections(private_allowed=True), Place(diary, GRACE)
    put = partial(copies.put, place, name="b1", uid="b1@zhixun")
    for _ in range(2):
        put(text=session(10))
    assert starts(server, diary) == {"b1.ics": datetime(2026, 3, 9, 10, tzinfo=UTC)}
    put(text=session(12, sequence=1))
    assert starts(server, diary) == {"b1.ics": datetime(2026, 3, 9, 12, tzinfo=UTC)}
    for _ in range(2):
        copies.remove(place, name="b1", uid="b1@zhixun")
    assert starts(server, diary) == {}


def test_an_invitation_taken_from_a_mail_is_replaced_where_it_stands(server: Server, diary: str) -> None:
    copies, place = Collections(private_allowed=True), Place(diary, GRACE)
    server.at(diary).put("from-a-mail", session(10).decode().replace("\r\n", "\n"))
    copies.put(place, name="b1", uid="b1@zhixun", text=session(12, sequence=1))
    assert starts(server, diary) == {"from-a-mail.ics": datetime(2026, 3, 9, 12, tzinfo=UTC)}
    copies.remove(place, name="b1", uid="b1@zhixun")
    assert starts(server, diary) == {}


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, Problem.PASSWORD), (405, Problem.READ_ONLY), (404, Problem.GONE), (507, Problem.THEIR_FAULT)],
)
def test_why_it_cannot_be_written_is_said(shelf: Shelf, status: int, said: Problem) -> None:
    shelf.status = status
    with pytest.raises(Unwritable) as refused:
        Collections(private_allowed=True).put(Place(shelf.url, GRACE), name="a", uid="a", text=b"")
    assert refused.value.problem == said


def test_a_login_is_not_written_into_logs() -> None:
    assert GRACE.password not in repr(Source("https://a.example/", "UTC", GRACE)) + repr(
        Place("https://a.example/", GRACE)
    )
