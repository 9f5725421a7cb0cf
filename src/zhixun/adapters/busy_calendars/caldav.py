"""Reads, and where it is wished writes, calendars that are kept on a CalDAV server (RFC 4791).

We ask for entries as they are and unfold repeats ourselves, also where a server would do it: it does not know the clock
that entries without a zone are meant on, and one rule for all calendars is one to be sure of.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

from zhixun.features.booking.ports import Place, Unwritable
from zhixun.features.scheduling.ports import Source, Unreadable
from zhixun.features.scheduling.rules import Login, Problem, Stretch

from . import asking
from .asking import Answer, Question, ask, within_time
from .unfolding import busy_times

SECONDS_MAX = 30
"""For all questions about one calendar together."""
AROUND = timedelta(days=1)
"""Servers place entries without a zone on a clock of their own; so much further we look, and cut off ourselves."""
DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
NAMES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
WHAT_IS_IT = f"<propfind {NAMES}><prop><resourcetype/><C:supported-calendar-component-set/></prop></propfind>"
WITHIN = (
    f"<C:calendar-query {NAMES}><prop><C:calendar-data/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
    "<C:comp-filter name='VEVENT'><C:time-range start='{from_}' end='{until}'/></C:comp-filter></C:comp-filter>"
    "</C:filter></C:calendar-query>"
)
CALLED = (
    f"<C:calendar-query {NAMES}><prop><getetag/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
    "<C:comp-filter name='VEVENT'><C:prop-filter name='UID'><C:text-match collation='i;octet'>{uid}</C:text-match>"
    "</C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)
REFUSED, GONE = {401, 403, 407}, {404, 410}
TAKEN = {403, 409, 412}
"""What servers answer where an entry of the same UID stands in the collection under another name."""


@dataclass(frozen=True)
class Collections:
    private_allowed: bool = False

    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        assert source.login is not None
        talk = Talk(source.address, source.login, self.private_allowed)
        texts = within_time(_entries(talk, from_ - AROUND, until + AROUND), seconds=SECONDS_MAX)
        if not texts:
            return []
        return busy_times(b"\r\n".join(texts), zone=source.zone, from_=from_, until=until, own=source.own)

    def put(self, place: Place, *, name: str, uid: str, text: bytes) -> None:
        self._write(place, lambda talk: _put(talk, name, uid, text))

    def remove(self, place: Place, *, name: str, uid: str) -> None:
        self._write(place, lambda talk: _remove(talk, name, uid))

    def _write(self, place: Place, deed: Deed) -> None:
        try:
            within_time(deed(Talk(place.address, place.login, self.private_allowed)), seconds=SECONDS_MAX)
        except Unreadable as why:
            raise Unwritable(why.problem) from None


@dataclass(frozen=True)
class Talk:
    """With the server of one collection, and with no other: the password goes nowhere else."""

    collection: str
    login: Login
    private_allowed: bool

    async def ask(self, method: str, address: str = "", *, body: bytes = b"", **headers: str) -> Answer:
        said = base64.b64encode(f"{self.login.user_name}:{self.login.password}".encode()).decode()
        headers = {"Authorization": f"Basic {said}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        question = Question(method, address or self.home, headers, body)
        for _ in range(asking.REDIRECTS_MAX + 1):
            answer = await ask(question, private_allowed=self.private_allowed)
            if not answer.moved_to:
                return answer
            if not self.is_ours(answer.moved_to):
                raise Unreadable(Problem.SENT_ON)
            question = replace(question, address=answer.moved_to)
        raise Unreadable(Problem.GONE)

    async def report(self, body: str) -> list[ElementTree.Element]:
        """The responses to a question about the collection's entries."""
        answer = await self.ask("REPORT", body=body.encode(), Depth="1", Content_Type="application/xml; charset=utf-8")
        return _responses(answer)

    @property
    def home(self) -> str:
        return self.collection.rstrip("/") + "/"

    def is_ours(self, address: str) -> bool:
        there, here = urlsplit(address), urlsplit(self.collection)
        return (there.scheme, there.netloc) == (here.scheme, here.netloc)


Deed = Callable[[Talk], Coroutine[Any, Any, None]]


async def _entries(talk: Talk, from_: datetime, until: datetime) -> list[bytes]:
    what = await talk.ask(
        "PROPFIND", body=WHAT_IS_IT.encode(), Depth="0", Content_Type="application/xml; charset=utf-8"
    )
    if not any(_is_calendar(one) for one in _responses(what)):
        raise Unreadable(Problem.NO_COLLECTION)
    found = await talk.report(WITHIN.format(from_=_stamp(from_), until=_stamp(until)))
    return [text.encode() for one in found for text in _texts(one, f"{CAL}calendar-data")]


async def _put(talk: Talk, name: str, uid: str, text: bytes) -> None:
    """Under our name; where the entry stands under another already, there."""
    address = urljoin(talk.home, f"{name}.ics")
    answer = await talk.ask("PUT", address, body=text, Content_Type="text/calendar; charset=utf-8")
    if answer.status in TAKEN and (other := await _called(talk, uid)):
        answer = await talk.ask("PUT", other, body=text, Content_Type="text/calendar; charset=utf-8")
    _check_written(answer)


async def _remove(talk: Talk, name: str, uid: str) -> None:
    answer = await talk.ask("DELETE", urljoin(talk.home, f"{name}.ics"))
    if answer.status in GONE:
        if not (other := await _called(talk, uid)):
            return
        answer = await talk.ask("DELETE", other)
    if answer.status not in GONE:
        _check_written(answer)


async def _called(talk: Talk, uid: str) -> str:
    """Where the entry of this UID stands; empty where it does not."""
    hrefs = [text for one in await talk.report(CALLED.format(uid=uid)) for text in _texts(one, f"{DAV}href")]
    address = urljoin(talk.home, hrefs[0]) if hrefs else ""
    return address if talk.is_ours(address) else ""


def _check_written(answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    if status == 401:
        raise Unreadable(Problem.PASSWORD)
    if status in {403, 405}:
        raise Unreadable(Problem.READ_ONLY)
    raise Unreadable(Problem.GONE if status in GONE | {409} else Problem.THEIR_FAULT)


def _responses(answer: Answer) -> list[ElementTree.Element]:
    if answer.status != 207:
        if answer.status >= 500 and answer.status != 501:
            raise Unreadable(Problem.THEIR_FAULT)
        known = Problem.PASSWORD if answer.status in REFUSED else Problem.GONE if answer.status in GONE else None
        raise Unreadable(known or Problem.NO_COLLECTION)
    return list(_parsed(answer.body).iter(f"{DAV}response"))


def _is_calendar(response: ElementTree.Element) -> bool:
    """A calendar, and of appointments rather than of tasks alone; a server that does not say takes all."""
    parts = [one.get("name") for one in response.iter(f"{CAL}comp")]
    return response.find(f".//{DAV}resourcetype/{CAL}calendar") is not None and (not parts or "VEVENT" in parts)


def _parsed(body: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(body, ElementTree.XMLParser(target=_NoDoctype()))
    except ElementTree.ParseError:
        raise Unreadable(Problem.NO_CALENDAR) from None


class _NoDoctype(ElementTree.TreeBuilder):
    """No answer needs one, and with it a few lines can be made to mean gigabytes."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Unreadable(Problem.NO_CALENDAR)


def _texts(response: ElementTree.Element, name: str) -> Iterator[str]:
    return (one.text for one in response.iter(name) if one.text)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
