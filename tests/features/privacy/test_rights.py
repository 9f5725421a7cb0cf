"""A person's copy of everything, and their erasure: told truthfully before, done at once, and nothing of theirs left after."""

from __future__ import annotations

import argparse
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests import make, mongodb
from tests.leftovers import MARKER, everywhere
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts.models import SignIn
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant import queries as assistant_queries
from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour import handlers as collecting
from zhixun.features.behaviour import queries as behaviour_queries
from zhixun.features.behaviour.ports import InteractionLog
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.booking import actions as bookings
from zhixun.features.crm import actions as crm
from zhixun.features.disputes import actions as disputes
from zhixun.features.messaging import actions as messaging
from zhixun.features.privacy import actions, queries
from zhixun.features.privacy.commands import COMMANDS
from zhixun.kernel import personal
from zhixun.kernel.errors import NotFound
from zhixun.kernel.sealed import ReadLine
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session, Table
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def mongo() -> Iterator[str]:
    with mongodb.server() as address:
        yield address


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture(params=["sql", "mongodb"])
def log_address(request: pytest.FixtureRequest) -> str:
    """Where the interaction log is: "" for the house's own database, or a real MongoDB."""
    return f"{request.getfixturevalue('mongo')}/t_{uuid.uuid4().hex[:12]}" if request.param == "mongodb" else ""


def lived() -> tuple[Actor, make.ConsultantMade]:
    """Someone whose every text carries the marker: a session a month ago, with talk and feedback; all money settled."""
    now = utc_now()
    with unit_of_work(now=now - 40 * DAY) as uow:
        ada = make.person(uow, f"{MARKER} Ada", email=f"{MARKER.lower()}@example.com")
        grace = make.consultant(uow)
    with unit_of_work(now=now - 39 * DAY) as uow:
        start = make.slot(uow, grace)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=start, brief=f"{MARKER} brief")
        bookings.join_session(make.acting(uow, ada, now=start), booking_id=booking_id)
        bookings.join_session(make.acting(uow, grace.actor, now=start), booking_id=booking_id)
        end = start + timedelta(minutes=60)
        bookings.complete_session(make.acting(uow, grace.actor, now=end), booking_id=booking_id)
        make.feedback(make.acting(uow, ada, now=end), booking_id, client=ada, words=f"{MARKER} review")
    with unit_of_work(now=now - 30 * DAY) as uow:
        bookings.release_money(uow, booking_id=booking_id)
        talk = messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
        for who, text in ((ada, f"{MARKER} hello"), (grace.actor, "Good day")):
            messaging.send_message(make.acting(uow, who), conversation_id=talk, key=new_id(), text=text)
    return ada, grace


def searched(who: Actor) -> None:
    """They agreed to be remembered, and looked for something."""
    with unit_of_work(who) as uow:
        actions.give_consent(uow, user_id=who.user_id, purpose="behaviour")
        one = Interaction(new_id(), "search", "page:/consultants", utc_now(), text=f"{MARKER} search")
        assert behaviour.state_interactions(uow, interactions=[one]) == 1


def asked_the_assistant(who: Actor) -> str:
    """A question before signing in, which becomes theirs, one after it, and a note for a person of the house."""
    talk_id = new_id()
    said = {"kind": "answer", "citations": [], "confidence": 1.0, "consultant_ids": []}
    for asker, text in ((Actor(""), f"{MARKER} early"), (who, f"{MARKER} question")):
        with unit_of_work(asker) as uow:
            assistant.record_answer(
                uow, talk_id=talk_id, question_id=new_id(), question=text, text=f"About {text}", **said
            )
    with unit_of_work(who) as uow:
        assistant.ask_person(uow, hand_over_id=new_id(), talk_id=talk_id, note=f"{MARKER} note")
    return talk_id


def lapse(person: Actor) -> None:
    """It is long ago that they showed who they are."""
    with unit_of_work() as uow:
        uow.db.execute(sa.update(SignIn).where(SignIn.user_id == person.user_id).values(proved_until=uow.now - DAY))


def test_everything_of_an_erased_person_is_gone_from_dump_index_interactions_files_and_logs(
    db_url: str,
    log_address: str,
    tmp_path: Path,
    deliver_all: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    app = house(db_url, tmp_path, mongodb=log_address)
    ada, grace = lived()
    searched(ada)
    deliver_all()
    before = everywhere(db_url, tmp_path, log_address)
    assert any(f"{MARKER.lower()} search" in line for line in before), "the test would notice"
    assert any(line.startswith("mongodb:") for line in before) is bool(log_address)
    asked_the_assistant(ada)
    assert not [line for line in everywhere(db_url, tmp_path, log_address) if "question" in line or "note" in line]
    browser = Visitor(app, ada, english=True)
    sent = browser.post("/me/data/erasure", sure="yes")
    assert sent.status_code == 303
    deliver_all()
    assert everywhere(db_url, tmp_path, log_address) == []
    assert behaviour_queries.logged_count() == 0
    assert MARKER.lower() not in f"{caplog.text}{''.join(capfd.readouterr())}".lower()
    with Session() as db:
        report = queries.erasure_of(db, ada.user_id)
    assert report is not None
    assert (report.leftovers, report.verified_at is not None, report.by) == ([], True, "self")
    assert browser.get("/me").status_code == 303, "signed out everywhere"
    theirs = Visitor(app, grace.actor, english=True)
    for path in ("/pro", "/pro/earnings", "/messages", "/notices"):
        assert theirs.get(path).status_code == 200, path
    talk = theirs.get("/messages").text.partition('href="/en/messages/')[2].partition('"')[0]
    assert "Erased together with the account it came from." in theirs.get(f"/messages/{talk}").text


def test_an_erased_consultant_leaves_the_index_and_past_bookings_a_nameless_page(
    app: Flask, db_url: str, tmp_path: Path, deliver_all: Callable[[], None]
) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow, MARKER)
        held = make.held_booking(uow, client=ada, consultant=grace)
    deliver_all()
    assert any(line.startswith("index:") for line in everywhere(db_url, tmp_path)), "the test would notice"
    with unit_of_work(grace.actor) as uow, pytest.raises(actions.StillOpen):
        actions.erase_person(uow, person_id=grace.id)
    with unit_of_work(ada) as uow:
        bookings.cancel_booking(uow, booking_id=held)
    with unit_of_work(grace.actor) as uow:
        actions.erase_person(uow, person_id=grace.id)
    deliver_all()
    assert everywhere(db_url, tmp_path) == []
    browser = Visitor(app, ada, english=True)
    assert browser.get(f"/sessions/{held}").status_code == 200
    assert browser.get(f"/consultants/{grace.slug}").status_code in (404, 410)


def test_the_last_page_says_what_is_gone_and_what_is_kept_until_when(
    app: Flask, deliver_all: Callable[[], None]
) -> None:
    ada, _ = lived()
    browser = Visitor(app, ada, english=True)
    assert browser.get("/erased").status_code == 404, "nobody has been erased"
    page = browser.follow(browser.post("/me/data/erasure", sure="yes"))
    said = words(page)
    for one in (
        "You have been erased", "What is deleted", "Your name, e-mail address", "What is kept by law, and until when",
        "the law asks for the books · at least until the end of", ada.user_id,
    ):  # fmt: skip
        assert one in said, one
    assert page.headers["Cache-Control"] == "no-store"
    deliver_all()
    assert browser.get("/erased").status_code == 200, "it may be read again"
    assert Visitor(app, english=True).get("/erased").status_code == 404, "in this browser only"
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert browser.get("/erased").status_code == 404


def test_the_plan_says_what_goes_and_what_stays_and_asks_twice(app: Flask) -> None:
    ada, _ = lived()
    browser = Visitor(app, ada, english=True)
    page = browser.get("/me/data")
    said = words(page)
    assert "What stays, and why" in said
    assert "the law asks us to prove who agreed to what" not in said, "nothing was agreed to"
    assert "needed to answer disputes and for the books" in said
    assert statements(page) <= STATEMENTS_MAX
    unsure = browser.post("/me/data/erasure")
    assert (unsure.status_code, "Please tick this" in words(unsure)) == (400, True)
    lapse(ada)
    asked = browser.post("/me/data/erasure", sure="yes")
    assert (asked.status_code, "Is it you?" in words(asked)) == (403, True)
    with Session() as db:
        assert queries.erasure_of(db, ada.user_id) is None


def test_who_has_a_session_or_money_under_way_is_told_so_and_stays(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace)
    browser = Visitor(app, ada, english=True)
    page = browser.get("/me/data")
    assert "A session is still to come." in words(page)
    assert f'href="/en/sessions/{booking_id}"' in page.text
    refused = browser.post("/me/data/erasure", sure="yes")
    assert (refused.status_code, "Not yet" in words(refused)) == (409, True)
    assert browser.get("/me").status_code == 200


def test_an_open_dispute_complaint_package_or_membership_delays_it_with_a_sentence(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        make.bought(uow, make.package(uow, grace), client=ada)
        make.bought(uow, make.membership(uow), client=ada)
        done = make.completed_booking(uow, client=ada, consultant=grace)
    with unit_of_work(ada) as uow:
        disputes.open_dispute(uow, dispute_id=new_id(), booking_id=done, reason="short", words="Half an hour late.")
        crm.file_matter(uow, matter_id=new_id(), kind="complaint", text="Nobody answers.")
    said = words(Visitor(app, ada, english=True).get("/me/data"))
    for sentence in (
        "A dispute of yours is not decided yet.",
        "A complaint of yours has no answer yet.",
        "A package of yours is not used up.",
        "Your membership would go on by itself.",
    ):
        assert sentence in said
    with pytest.raises(actions.StillOpen) as refused, unit_of_work(ada) as uow:
        actions.erase_person(uow, person_id=ada.user_id)
    assert len(refused.value.extra["reasons"]) >= 4


def test_who_reads_what_was_asked_of_the_assistant_is_written_down_for_its_asker(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, olga = make.client(uow), make.operator(uow, role="support")
    talk_id = asked_the_assistant(ada)
    with Session() as db:
        mine = [turn.text for turn in assistant_queries.talk(db, talk_id, ada).turns]
        assert f"{MARKER} early" in mine
        assert queries.reads_of(db, ada.user_id) == []
        [one] = assistant_queries.hand_overs(db, olga)
        assert (one.note, f"{MARKER} question" in one.summary["questions"]) == (f"{MARKER} note", True)
        assistant_queries.hand_over(db, one.id, olga)
    with Session() as db:
        read = {line.field for line in queries.reads_of(db, ada.user_id)}
    assert {"assistant_turns.text", "assistant_hand_overs.note", "assistant_hand_overs.summary"} <= read


def test_what_is_written_down_while_the_log_is_emptied_does_not_stay(
    app: Flask, deliver_all: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = lived()
    searched(ada)
    deliver_all()
    log, late = service(InteractionLog), Interaction(new_id(), "search", "page:/", utc_now(), text="late")
    with Session() as db:
        person = behaviour_queries.pseudonym_of(db, ada.user_id)
    assert person is not None
    forget = type(log).forget_person

    def then_one_more(self: InteractionLog, name: str) -> int:
        gone = forget(self, name)
        with Session() as db:
            if behaviour_queries.pseudonym_of(db, ada.user_id) is not None:
                self.add(name, [replace(late, id=new_id())])
        return gone

    monkeypatch.setattr(type(log), "forget_person", then_one_more)
    collecting.forget_erased(ada.user_id)
    collecting.forget_erased(ada.user_id)
    assert log.count() == 0


def test_a_copy_holds_what_one_wrote_opened_and_nothing_of_others(app: Flask, deliver_all: Callable[[], None]) -> None:
    ada, _ = lived()
    searched(ada)
    asked_the_assistant(ada)
    deliver_all()
    browser = Visitor(app, ada)
    lapse(ada)
    assert browser.post("/me/data/copy").status_code == 403
    kept = {"proof_to": "/me/data/copy", "proof_kept": "yes"}
    assert browser.post("/me/proof", proof_password="wrong password", **kept).status_code == 401
    proved = browser.post("/me/proof", proof_password=make.PASSWORD, **kept)
    assert (proved.status_code, proved.location) == (303, "/me/data"), "the page that asked would stay beside a file"
    assert "请再按一次" in words(browser.follow(proved))
    answer = browser.post("/me/data/copy")
    assert answer.mimetype == "application/zip"
    told = json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("data.json"))
    assert told["made_at"].endswith("+08:00"), "on the clock of whose data it is"
    text = json.dumps(told, ensure_ascii=False)
    for part in ("brief", "review", "hello", "search", "early", "question", "note"):
        assert f"{MARKER} {part}" in text or f"{MARKER.lower()} {part}" in text
    assert f"{MARKER.lower()}@example.com" in text
    assert "Good day" not in text
    assert "password_hash" not in text


def test_programs_export_and_erase_too(app: Flask) -> None:
    ada, _ = lived()
    http = app.test_client()
    made = http.post("/api/v1/tokens", json={"email": f"{MARKER}@example.com", "password": make.PASSWORD}).json
    signed = {"Authorization": f"Bearer {made['token']}"}
    told = http.get("/api/v1/me/export", headers=signed).json
    assert f"{MARKER} brief" in json.dumps(told)
    assert http.delete("/api/v1/me", json={"password": "wrong password"}, headers=signed).status_code == 401
    done = http.delete("/api/v1/me", json={"password": make.PASSWORD}, headers=signed)
    assert (done.status_code, done.json["left_over"], done.json["person"]) == (200, [], ada.user_id)
    assert http.get("/api/v1/me", headers=signed).status_code == 401


def test_the_desk_erases_only_with_the_right_and_it_is_written_down(app: Flask) -> None:
    ada, grace = lived()
    with unit_of_work() as uow:
        sam, pia = make.operator(uow, "Sam", role="support"), make.operator(uow, "Pia", role="privacy_officer")
    for who in (sam, grace.actor):
        with pytest.raises(Exception, match="role"), unit_of_work(who) as uow:
            actions.erase_person(uow, person_id=ada.user_id)
    for _ in range(2):
        with unit_of_work(pia) as uow:
            actions.erase_person(uow, person_id=ada.user_id)
    with pytest.raises(NotFound), unit_of_work(pia) as uow:
        actions.erase_person(uow, person_id=new_id())
    assert Visitor(app, pia).get("/ops/audit").text.count("person_erased") == 1


def test_who_looks_after_privacy_reads_the_proof_of_an_erasure_and_no_words(
    app: Flask, deliver_all: Callable[[], None]
) -> None:
    ada, _ = lived()
    with unit_of_work() as uow:
        sam, pia = make.operator(uow, "Sam", role="support"), make.operator(uow, "Pia", role="privacy_officer")
    desk = Visitor(app, pia, english=True)
    assert "Nobody has been erased" in words(desk.get("/ops/erasures"))
    with unit_of_work(ada) as uow:
        actions.erase_person(uow, person_id=ada.user_id)
    assert "not yet" in words(desk.get("/ops/erasures"))
    deliver_all()
    page = desk.get("/ops/erasures")
    said = words(page)
    assert (ada.user_id in said, "themselves" in said, "Nothing is left" in said) == (True, True, True)
    assert "booking_bookings" in said
    assert "needed to answer disputes and for the books" in said
    assert MARKER.lower() not in page.text.lower()
    assert statements(page) <= STATEMENTS_MAX
    assert desk.get("/ops/erasures?before=yesterday").status_code == 400
    assert Visitor(app, sam).get("/ops/erasures").status_code == 404
    assert "/ops/erasures" not in Visitor(app, sam).get("/ops").text


def test_the_commands_erase_export_and_say_what_is_held(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    ada, _ = lived()
    run = {command.verb: command.run for command in COMMANDS}
    asked = argparse.Namespace(person=ada.user_id, json=True)
    assert run["export"](asked) == 0
    assert f"{MARKER} brief" in capsys.readouterr().out
    assert run["retention"](asked) == 0
    assert "booking_bookings" in capsys.readouterr().out
    assert run["erase"](asked) == 0
    assert json.loads(capsys.readouterr().out)["leftovers"] == []
    assert run["export"](asked) == 0
    assert MARKER not in capsys.readouterr().out


@pytest.mark.usefixtures("db_url")
def test_what_has_been_kept_long_enough_goes_by_itself() -> None:
    with unit_of_work(now=make.NOW - 400 * DAY) as uow:
        for name, at in (("old", uow.now - 400 * DAY), ("new", make.NOW)):
            uow.db.add(ReadLine(id=name, subject_id="a", reader_id="b", field="c.d", row_id=name, day=at.date(), at=at))
    with unit_of_work(now=make.NOW) as uow:
        assert actions.forget_old(uow) == {"vault_reads": 1}
        assert actions.forget_old(uow) == {}
        assert list(uow.db.scalars(sa.text("SELECT id FROM vault_reads"))) == ["new"]


def test_every_table_that_is_to_be_erased_says_whose_a_row_is_or_when_it_goes() -> None:
    for name, model in personal.tables().items():
        assert model.personal_data != "erase" or personal.owners(model) or model.part_of or model.kept_for, name
        assert set(personal.owners(model)) <= set(Table.metadata.tables[name].columns.keys()), name
