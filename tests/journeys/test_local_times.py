"""What time is it there? Pages, mails and calendar files agree, for people in fifty zones around their changes of clock.

What is expected comes from pytz, which reads its own tables with its own code; what we show comes from zoneinfo. Calendar
files are read back by two libraries that had no part in writing them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import ics
import pytest
import pytz
import time_machine
import vobject
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import Visitor, house, words
from zhixun.events.booking import BookingConfirmed
from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.notifications import handlers
from zhixun.features.notifications.ports import Mail, Mailer
from zhixun.kernel import services
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor

BEFORE = timedelta(days=4)
UNTIL = NOW + timedelta(days=370)
PAIRS = (
    "Asia/Shanghai–Europe/London", "Asia/Kathmandu–Australia/Lord_Howe", "Pacific/Apia–Pacific/Chatham",
    "Africa/Casablanca–Europe/Berlin", "Africa/El_Aaiun–Asia/Kolkata", "Antarctica/Troll–America/New_York",
    "America/St_Johns–Asia/Yangon", "America/Havana–Europe/Chisinau", "America/Santiago–Pacific/Easter",
    "Asia/Tehran–Africa/Cairo", "Asia/Gaza–Asia/Jerusalem", "Asia/Beirut–America/Nuuk",
    "Pacific/Norfolk–Pacific/Auckland", "Australia/Adelaide–Australia/Darwin", "Australia/Sydney–Australia/Eucla",
    "America/Adak–Pacific/Kiritimati", "Pacific/Marquesas–America/Los_Angeles", "America/Phoenix–America/Denver",
    "Atlantic/Azores–Europe/Lisbon", "Europe/Dublin–Europe/Moscow", "Europe/Athens–Europe/Istanbul",
    "America/Halifax–America/Sao_Paulo", "America/Chicago–America/Asuncion", "America/Anchorage–Asia/Tokyo",
    "America/Caracas–Africa/Johannesburg", "Asia/Pyongyang–Etc/UTC",
)  # fmt: skip
"""Client–consultant: those that change forwards and back, those by half an hour or by two, those that never do."""


@dataclass
class Scene:
    app: Flask
    sent: list[Mail]

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)


@pytest.fixture
def scene(db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    found = Scene(house(db_url, tmp_path), [])
    services.provide(Mailer, found)
    with time_machine.travel(NOW, tick=False):
        yield found


def test_there_are_more_than_forty_zones_and_every_kind_of_change() -> None:
    zones = {zone for pair in PAIRS for zone in pair.split("–")}
    steps = {step for zone in zones for _, step in changes(zone)}
    assert len(zones) >= 40
    assert {timedelta(hours=hours) for hours in (1, -1, 0.5, -0.5, 2, -2)} <= steps
    assert sum(not changes(zone) for zone in zones) >= 10


def test_the_machines_own_tables_of_zones_are_not_asked() -> None:
    assert zoneinfo.TZPATH == (), "a machine three years old would show Casablanca an hour off"


@pytest.mark.parametrize("number", range(6))
def test_page_mail_and_calendar_file_show_the_same_right_time(scene: Scene, number: int) -> None:
    for pair in PAIRS[number::6]:
        client_zone, consultant_zone = pair.split("–")
        with unit_of_work(now=NOW) as uow:
            ada = make.client(uow, zone=client_zone, language="en")
            grace = make.consultant(uow, zone=consultant_zone, language="en", hours=make.AROUND_THE_CLOCK)
        times = [at for at, _ in (*changes(client_zone), *changes(consultant_zone))] or [NOW + 9 * BEFORE]
        for change in times:
            check(scene, ada, grace, change)


def check(scene: Scene, ada: Actor, grace: make.ConsultantMade, change: datetime) -> None:
    """A session that begins within the hour before a clock is changed."""
    with time_machine.travel(change - BEFORE, tick=False):
        scene.sent.clear()
        with unit_of_work() as uow:
            start = make.slot(uow, grace, after=change - timedelta(hours=1))
            booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=start)
        end = start + timedelta(hours=1)
        fact = BookingConfirmed(booking_id=booking_id, client_id=ada.user_id, consultant_id=grace.id)
        handlers.tell_both_confirmed(fact)
        for reader, other, name in ((ada, grace.actor, "Grace"), (grace.actor, ada, "Ada")):
            page = words(Visitor(scene.app, reader, english=True).get(f"/sessions/{booking_id}"))
            mail = next(one for one in scene.sent if one.to == email_of(reader))
            assert on_page(start, end, reader.zone) in page, (reader.zone, start)
            assert offset(start, reader.zone) in page
            assert in_words(start, reader.zone) in mail.text, (reader.zone, start)
            file = mail.attachments[0].data.decode()
            assert instants(file) == [(start, end)]
            said = vobject.readOne(file).vevent.description.value
            assert in_words(start, reader.zone) in said
            differ = offset(start, reader.zone) != offset(start, other.zone)
            for text, there in (
                (page, f"For {name}: {on_page(start, end, other.zone)}"),
                (mail.text, f"For {name}: {in_words(start, other.zone)}"),
                (said, f"For {name}: {in_words(start, other.zone)}"),
            ):
                assert (there in text) == differ, (text, there)


def test_a_subscribed_calendar_has_equal_instants_in_other_libraries(scene: Scene) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow, zone="Australia/Lord_Howe", language="en")
        grace = make.consultant(uow, zone="America/St_Johns", language="en", hours=make.AROUND_THE_CLOCK)
        start = make.slot(uow, grace, number=3)
        for hours in range(0, 72, 5):
            make.paid_booking(uow, client=ada, consultant=grace, start=start + timedelta(hours=hours))
    with Session() as db:
        agreed = [(one.starts_at, one.ends_at) for one in bookings.in_calendar(db, ada.user_id, NOW)]
    for reader in (ada, grace.actor):
        browser = Visitor(scene.app, reader, english=True)
        page = browser.follow(browser.post("/me/calendar")).text
        file = Visitor(scene.app).get(urlsplit(page.split('readonly value="')[1].split('"')[0]).path)
        assert sorted(instants(file.data.decode())) == sorted(agreed)
        assert in_words(start, reader.zone) in vobject.readOne(file.text).vevent_list[0].description.value


def test_tomorrow_is_the_readers_own(scene: Scene) -> None:
    """It is Tuesday evening in Shanghai and Tuesday morning in London: what begins at 18:00 UTC is tomorrow for one."""
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow, zone="Asia/Shanghai", language="en")
        grace = make.consultant(uow, zone="Europe/London", language="en", hours=make.AROUND_THE_CLOCK)
        start = datetime(2026, 11, 24, 18, tzinfo=UTC)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=start)
    for reader, said, there in (
        (ada, "Tomorrow, Wed 25 Nov, 02:00–03:00", "For Grace: Tue 24 Nov, 18:00–19:00, London time (UTC+0)"),
        (grace.actor, "Today, Tue 24 Nov, 18:00–19:00", "For Ada: Wed 25 Nov, 02:00–03:00, Beijing time (UTC+8)"),
    ):
        browser = Visitor(scene.app, reader, english=True)
        for path in (f"/sessions/{booking_id}", "/sessions", f"/sessions/{booking_id}/move"):
            page = words(browser.get(path))
            assert said in page, path
            assert there in page, path
    assert "明天 11月25日 周三 02:00–03:00" in words(Visitor(scene.app, ada).get("/sessions"))
    assert "For Ada: Wed 25 Nov, 02:00–03:00" in words(Visitor(scene.app, grace.actor, english=True).get("/pro"))
    room = words(Visitor(scene.app, ada, english=True).get(f"/sessions/{booking_id}/room"))
    assert "For Grace: Tue 24 Nov, 18:00–19:00, London time (UTC+0)" in room


def test_two_names_of_one_time_are_not_said_twice(scene: Scene) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow, zone="Asia/Shanghai", language="en")
        grace = make.consultant(uow, zone="Asia/Singapore", language="en", hours=make.AROUND_THE_CLOCK)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace)
    assert "For Grace" not in words(Visitor(scene.app, ada, english=True).get(f"/sessions/{booking_id}"))


def changes(zone: str) -> list[tuple[datetime, timedelta]]:
    """When the clocks of a zone change in the year to come, and by how much, from pytz's own table."""
    known = pytz.timezone(zone)
    found = [at.replace(tzinfo=UTC) for at in getattr(known, "_utc_transition_times", [])]
    second = timedelta(seconds=1)
    steps = [
        (at, there(at, zone).utcoffset() - there(at - second, zone).utcoffset()) for at in found if NOW < at < UNTIL
    ]
    return [(at, step) for at, step in steps if step]


def there(at: datetime, zone: str) -> datetime:
    return at.astimezone(pytz.timezone(zone))


def on_page(start: datetime, end: datetime, zone: str) -> str:
    begins, ends = there(start, zone), there(end, zone)
    over = " on the next day" if there(end - timedelta(seconds=1), zone).date() != begins.date() else ""
    return f"{begins:%a} {begins.day} {begins:%b, %H:%M}–{ends:%H:%M}{over}"


def in_words(at: datetime, zone: str) -> str:
    here = there(at, zone)
    city = {"Etc/UTC": "UTC"}.get(zone, zone.split("/")[-1].replace("_", " "))
    known = {
        "Shanghai": "Beijing time",
        "Tokyo": "Tokyo time",
        "London": "London time",
        "Berlin": "Berlin time",
        "Sydney": "Sydney time",
    }
    known |= {"New York": "New York time", "Los Angeles": "Los Angeles time"}
    return f"{here:%A} {here.day} {here:%B %Y, %H:%M}, {known.get(city, city)} {offset(at, zone)}"


def offset(at: datetime, zone: str) -> str:
    minutes = int(there(at, zone).utcoffset().total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"(UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02d})" if rest else ")")


def instants(file: str) -> list[tuple[datetime, datetime]]:
    """Start and end of every entry, as both libraries read them."""
    one = [(event.dtstart.value, event.dtend.value) for event in vobject.readOne(file).vevent_list]
    two = [(event.begin.datetime, event.end.datetime) for event in ics.Calendar(file).events]
    assert sorted(one) == sorted(two)
    return one


def email_of(person: Actor) -> str:
    with Session() as db:
        return accounts.emails_of(db, [person.user_id], SYSTEM)[person.user_id]
