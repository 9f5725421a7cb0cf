"""Complaints with a clock and an answer, whether it helped, and one page per client."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.crm import MatterAnswered
from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.crm import actions, jobs, queries, rules
from zhixun.features.crm.actions import Answered, CheckOver, TooManyOpen, TooManyTags
from zhixun.features.crm.queries import keeping
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

NOW = make.NOW
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "The consultant was not prepared at all."
Met = tuple[Actor, make.ConsultantMade, str, datetime]


@pytest.fixture
def met(db_url: str) -> Met:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        start = make.slot(uow, grace)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=start)
    return ada, grace, booking_id, start + HOUR


def desk(name: str = "Olga", role: str = "support") -> Actor:
    with unit_of_work(now=NOW) as uow:
        return make.operator(uow, name, role=role)


def file(who: Actor, at: datetime, *, matter_id: str | None = None, kind: str = "complaint", text: str = TEXT) -> str:
    with unit_of_work(who, now=at) as uow:
        return actions.file_matter(uow, matter_id=matter_id or new_id(), kind=kind, text=text)


def answer(who: Actor, matter_id: str, at: datetime, said: str = "You are right. Half of it comes back.") -> list[type]:
    with unit_of_work(who, now=at) as uow:
        actions.answer_matter(uow, matter_id=matter_id, answer=said)
    return [type(fact) for fact in uow.facts]


def test_a_complaint_has_a_clock_an_owner_and_an_answer_that_reaches_the_person(met: Met) -> None:
    ada, _, _, at = met
    olga = desk()
    matter_id = file(ada, at)
    assert file(ada, at, matter_id=matter_id) == matter_id, "sent twice is kept once"
    with Session() as db:
        assert [(one.id, one.due_at) for one in queries.matters(db, state="open", now=at)] == [
            (matter_id, at + 3 * DAY)
        ]
    with unit_of_work(olga, now=at) as uow:
        actions.take_matter(uow, matter_id=matter_id)
    assert answer(olga, matter_id, at + HOUR) == [MatterAnswered]
    with pytest.raises(Answered):
        answer(olga, matter_id, at + 2 * HOUR)
    with Session() as db:
        mine = queries.matters_of(db, ada.user_id)
        assert queries.matters(db, state="open", now=at) == []
        assert db.execute(text("SELECT count(*) FROM crm_matters WHERE text LIKE '%prepared%'::bytea")).scalar() == 0
    assert [(one.text, one.answer, one.line.owner_id) for one in mine] == [
        (TEXT, "You are right. Half of it comes back.", olga.user_id)
    ]


def test_only_who_may_answers(met: Met) -> None:
    ada, grace, booking_id, at = met
    matter_id = file(ada, at)
    for who in (desk("Connie", "content"), ada, grace.actor):
        with pytest.raises(RightNeeded):
            answer(who, matter_id, at)
    olga = desk()
    with pytest.raises(Invalid):
        answer(olga, matter_id, at, " ")
    with pytest.raises(NotFound):
        answer(olga, new_id(), at)
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    with pytest.raises(NotFound):
        file(bob, at, matter_id=matter_id)
    with unit_of_work(bob, now=at) as uow, pytest.raises(NotFound):
        actions.file_matter(uow, matter_id=new_id(), kind="complaint", text=TEXT, booking_id=booking_id)


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [("praise", TEXT, "kind"), ("complaint", "bad", "text"), ("complaint", "x" * 4_001, "text")],
)
def test_what_cannot_be_read_is_refused(met: Met, kind: str, said: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        file(met[0], met[3], kind=kind, text=said)
    assert set(refused.value.fields) == {field}


def test_nobody_floods_the_desk(met: Met) -> None:
    for _ in range(rules.OPEN_MAX):
        file(met[0], met[3])
    with pytest.raises(TooManyOpen):
        file(met[0], met[3])


def test_two_weeks_later_the_client_is_asked_once(met: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, grace, booking_id, done = met
    with Session() as db:
        assert queries.due_for_check(db, done + 13 * DAY) == []
    later = done + 14 * DAY + HOUR
    monkeypatch.setattr(jobs, "utc_now", lambda: later)
    jobs.ask_whether_it_helped()
    with Session() as db:
        assert queries.due_for_check(db, later) == []
        assert queries.check_for(db, booking_id)
    with unit_of_work(now=later) as uow:
        assert not actions.ask_whether_it_helped(uow, booking_id=booking_id)
    assert uow.facts == []
    for helped in ("partly", "yes"):
        with unit_of_work(ada, now=later) as uow:
            actions.say_whether_it_helped(uow, booking_id=booking_id, helped=helped)
    with Session() as db:
        assert queries.helped_share(db) == (1.0, 1)
    with unit_of_work(grace.actor, now=later) as uow, pytest.raises(NotFound):
        actions.say_whether_it_helped(uow, booking_id=booking_id, helped="yes")
    with unit_of_work(ada, now=later) as uow, pytest.raises(Invalid):
        actions.say_whether_it_helped(uow, booking_id=booking_id, helped="perhaps")
    with unit_of_work(ada, now=later + 400 * DAY) as uow, pytest.raises(CheckOver):
        actions.say_whether_it_helped(uow, booking_id=booking_id, helped="yes")


def note(who: Actor, client_id: str, said: str = "Prefers mornings.") -> None:
    with unit_of_work(who, now=NOW) as uow:
        actions.write_note(uow, note_id=new_id(), client_id=client_id, text=said)


def test_the_desks_notes_and_a_consultants_are_apart_and_leave_a_line(met: Met) -> None:
    ada, grace, _, at = met
    olga = desk()
    note(olga, ada.user_id, "House note.")
    note(grace.actor, ada.user_id, "My own note.")
    with Session() as db:
        theirs = queries.client_page(db, ada.user_id, olga, at, "zh")
        own = queries.own_client_page(db, ada.user_id, grace.actor, at, "zh")
        read = set(
            db.execute(text("SELECT reader_id, field FROM vault_reads WHERE subject_id = :id"), {"id": ada.user_id})
        )
    assert [one.text for one in theirs.notes] == ["House note."]
    assert [one.text for one in own.notes] == ["My own note."]
    assert {(olga.user_id, "crm_notes.text"), (grace.id, "crm_notes.text")} <= {tuple(one) for one in read}
    assert (theirs.held, theirs.value, own.tags, own.matters) == (1, make.PRICE, (), ())


def test_who_never_met_a_client_sees_nothing(met: Met) -> None:
    ada, *_ = met
    with unit_of_work(now=NOW) as uow:
        hopper = make.consultant(uow, "Hopper")
    finance = desk("Fin", "finance")
    for who in (hopper.actor, finance, ada):
        with pytest.raises(NotFound):
            note(who, ada.user_id)
    with Session() as db, pytest.raises(NotFound):
        queries.own_client_page(db, ada.user_id, hopper.actor, NOW, "zh")


def test_tags_are_few_short_and_once(met: Met) -> None:
    ada, *_ = met
    olga, connie = desk(), desk("Connie", "content")
    with unit_of_work(olga, now=NOW) as uow:
        for tag in ("vip", " vip ", *(f"t{n}" for n in range(rules.TAGS_MAX - 1))):
            actions.add_tag(uow, client_id=ada.user_id, tag=tag)
    with unit_of_work(olga, now=NOW) as uow, pytest.raises(TooManyTags):
        actions.add_tag(uow, client_id=ada.user_id, tag="one more")
    for wrong in ("", "x" * 25):
        with unit_of_work(olga, now=NOW) as uow, pytest.raises(Invalid):
            actions.add_tag(uow, client_id=ada.user_id, tag=wrong)
    with unit_of_work(connie, now=NOW) as uow, pytest.raises(RightNeeded):
        actions.add_tag(uow, client_id=ada.user_id, tag="x")
    with unit_of_work(olga, now=NOW) as uow:
        actions.remove_tag(uow, client_id=ada.user_id, tag="vip")
    with Session() as db:
        line = next(one for one in queries.clients(db, NOW, named="ad")[0] if one.id == ada.user_id)
    assert "vip" not in line.tags


def test_the_pages(met: Met, db_url: str, tmp_path: Path) -> None:
    ada, grace, booking_id, at = met
    app: Flask = house(db_url, tmp_path)
    olga, finance = desk(), desk("Fin", "finance")
    with time_machine.travel(at, tick=False):
        client = Visitor(app, ada, english=True)
        asked = client.get(f"/help/complaint?booking={booking_id}")
        assert "About the session: One hour with Grace, " in words(asked)
        assert statements(asked) <= STATEMENTS_MAX
        assert "About the session" not in words(
            Visitor(app, desk(), english=True).get(f"/help/complaint?booking={booking_id}")
        )
        empty = words(client.post("/help/complaint"))
        assert "2 things to fix" in empty, "all that is missing is said at once"
        refused = client.post("/help/complaint", text="What I typed, at length", booking_id=booking_id)
        assert (refused.status_code, "Please choose what it is." in words(refused)) == (400, True)
        assert "What I typed, at length" in refused.text
        assert client.post("/help/complaint", kind="complaint", text=TEXT, booking_id=booking_id).status_code == 303
        support = Visitor(app, olga, english=True)
        queue = support.get("/ops/complaints")
        assert "Ada" in words(queue)
        assert statements(queue) <= STATEMENTS_MAX
        with Session() as db:
            matter_id = queries.matters(db, state="open", now=at)[0].id
        where = f"/ops/complaints/{matter_id}"
        assert TEXT in words(support.get(where))
        assert "One hour with Grace, " in words(support.get(where))
        assert support.post(where, deed="answer", answer="").status_code == 400
        assert support.post(where, deed="take").status_code == 303
        assert support.post(where, deed="answer", answer="We are sorry.").status_code == 303
        assert support.post(where, deed="answer", answer="Again.").status_code == 409
        assert "We are sorry." in words(client.get("/help/complaint"))
        page = support.get(f"/ops/clients/{ada.user_id}")
        assert "Grace" in words(page)
        assert statements(page) <= STATEMENTS_MAX
        assert support.post(f"/ops/clients/{ada.user_id}", note="Likes mornings.").status_code == 303
        assert support.post(f"/ops/clients/{ada.user_id}", tag="vip").status_code == 303
        assert support.post(f"/ops/clients/{ada.user_id}", note="").status_code == 400
        seen = words(support.get(f"/ops/clients/{ada.user_id}"))
        assert "Likes mornings." in seen
        assert "vip" in seen
        assert "Ada" in words(support.get("/ops/clients?q=ad"))
        consultant = Visitor(app, grace.actor, english=True)
        assert "Ada" in words(consultant.get("/pro/clients"))
        own = consultant.get(f"/pro/clients/{ada.user_id}")
        assert (own.status_code, "Likes mornings." in words(own)) == (200, False)
        assert statements(own) <= STATEMENTS_MAX
        assert consultant.post(f"/pro/clients/{ada.user_id}", note="Mine.").status_code == 303
        assert Visitor(app, finance).get(f"/ops/clients/{ada.user_id}").status_code == 403
        assert Visitor(app, ada).get("/ops/clients").status_code == 403
        assert consultant.get(f"/pro/clients/{olga.user_id}").status_code == 404
        assert support.get("/ops/clients/nonsense").status_code == 404


def test_the_question_two_weeks_later_is_a_page(met: Met, db_url: str, tmp_path: Path) -> None:
    ada, grace, booking_id, done = met
    app: Flask = house(db_url, tmp_path)
    with time_machine.travel(done + 14 * DAY, tick=False):
        client = Visitor(app, ada, english=True)
        assert client.get(f"/sessions/{booking_id}/help").status_code == 404, "nobody has asked yet"
        with unit_of_work() as uow:
            actions.ask_whether_it_helped(uow, booking_id=booking_id)
        assert "has it helped you?" in words(client.get(f"/sessions/{booking_id}/help"))
        assert client.post(f"/sessions/{booking_id}/help").status_code == 400
        assert client.post(f"/sessions/{booking_id}/help", helped="yes").status_code == 303
        assert Visitor(app, grace.actor).get(f"/sessions/{booking_id}/help").status_code == 404


def test_the_desk_finds_clients_by_address_and_pages_through_all_of_them(
    met: Met, db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, grace, _, at = met
    with unit_of_work(now=at) as uow:
        names = [f"Client-{n}" for n in range(3)]
        people = [make.client(uow, name) for name in names]
        for n, person in enumerate(people):
            make.paid_booking(uow, client=person, consultant=grace, start=make.slot(uow, grace, number=20 + 4 * n))
        address = accounts.emails_of(uow.db, [people[0].user_id], people[0])[people[0].user_id]
    monkeypatch.setattr(keeping, "CLIENTS_SHOWN", 2)
    with Session() as db:
        seen, mark = [], (None, "")
        while mark is not None:
            lines, mark = queries.clients(db, at, after=mark)
            seen += [one.name for one in lines]
        assert seen == [*reversed(names), ada.name], "the one seen last is on top, each once"
        for asked, found in ((address.upper(), ["Client-0"]), ("nobody@example.org", []), ("@", [])):
            assert [one.name for one in queries.clients(db, at, named=asked)[0]] == found
    with unit_of_work() as uow:
        support = Visitor(house(db_url, tmp_path), make.operator(uow, role="support"), english=True)
    page = support.get("/ops/clients")
    assert "Older" in words(page)
    older = re.search(r'href="(/en/ops/clients\?after=[^"]+)"', page.text)
    assert older
    assert ada.name in words(support.get(older[1].removeprefix("/en")))
    assert support.get("/ops/clients?after=nonsense").status_code == 400
