"""Scans of credentials: known by what is in them, sealed, opened by their owner and by those who check, and gone in time."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from tests import make
from tests.features.credentials.test_checking import NOW, PROOF, WISH, agree, grace, reviewer, submit
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.credentials import ScanRemoved
from zhixun.features.catalog import actions as catalog_actions
from zhixun.features.credentials import actions, handlers, queries
from zhixun.features.credentials.actions.refusals import CheckedAlready, DecidedAlready
from zhixun.features.credentials.queries import ScanLine
from zhixun.features.credentials.rules.scans import BYTES_MAX, JPEG, PDF, checked, scan_id
from zhixun.features.privacy import actions as privacy
from zhixun.kernel.errors import Forbidden, Invalid, NotFound
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.sealed import ReadLine
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"
HIDDEN = "31.2304 N, 121.4737 E"
TYPED = {"kind": "licence", "number": "RF-2024-8812", "issuer": "A company", "issued_on": "2024-01-02"}


def picture(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red").save(out, kind, **more)
    return out.getvalue()


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        catalog_actions.put_house_fields(uow)
    return made


def hand_in(visitor: Visitor, *files: bytes, **changes: object) -> TestResponse:
    scans = [(BytesIO(data), f"{number}.pdf") for number, data in enumerate(files)]
    return visitor.post("/pro/credentials", scans=scans, **(TYPED | changes))


def scans_of(who: Actor) -> tuple[ScanLine, ...]:
    with Session() as db:
        return queries.claims_of(db, who.user_id)[0].scans


def opened(kept: bytes) -> Image.Image:
    return Image.open(BytesIO(kept))


@pytest.mark.parametrize(
    ("data", "kind"), [(PAPER, PDF), (picture(), JPEG), (picture("PNG", "RGBA"), JPEG), (picture("PNG", "P"), JPEG)]
)
def test_a_scan_is_known_by_what_is_in_it(data: bytes, kind: str) -> None:
    assert checked(data).media_type == kind


def test_a_picture_is_drawn_anew_upright_and_no_larger_than_small_print_needs() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, HIDDEN
    data = picture(size=(4_000, 1_000), exif=exif.tobytes())
    kept = checked(data).data
    assert HIDDEN.encode() in data
    assert HIDDEN.encode() not in kept
    assert opened(kept).size == (750, 3_000)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a PDF, a JPEG or a PNG"), (b"hello", "a PDF, a JPEG or a PNG"), (picture("GIF", "P"), "a PDF, a JPEG or a PNG"),
        (b"MZ\x90\x00", "a PDF, a JPEG or a PNG"), (b"<svg onload='alert(1)'/>", "a PDF, a JPEG or a PNG"),
        (picture()[:200], "damaged"), (PAPER[:-5], "damaged"), (PAPER.replace(b"<<>>", b"<</Encrypt 2 0 R>>"), "password"),
        (PAPER.replace(b"<<>>", b"<</S/JavaScript>>"), "programs"), (PAPER.replace(b"<<>>", b"<</S/Launch>>"), "programs"),
        (picture("PNG", "1", size=(8_000, 5_001)), "too many pixels"), (PAPER + bytes(BYTES_MAX), "10 MB"),
    ],
)  # fmt: skip
def test_what_is_no_scan_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(data)
    assert list(refused.value.fields) == ["scans"]
    assert said in refused.value.fields["scans"]


def test_an_applicants_scans_are_seen_by_them_and_by_reviewers_whose_look_is_noted(app: Flask) -> None:
    rosa = reviewer("Rosa")
    with unit_of_work() as uow:
        ada, bob, olga = make.client(uow), make.client(uow, "Bob"), make.operator(uow)
    with unit_of_work(ada) as uow:
        actions.apply(uow, application_id=new_id(), wish=WISH)
    page = Visitor(app, ada, english=True)
    assert hand_in(page, PAPER, picture()).status_code == 303
    paper, drawn = scans_of(ada)
    own = f"/pro/credentials/{paper.claim_id}/scans/"
    shown = page.get("/become-a-consultant")
    assert f"{own}{paper.id}" in shown.text
    assert "Scan 1 · PDF ·" in words(shown)
    assert page.get(own + paper.id).data == PAPER
    check = f"/review/credentials/{paper.claim_id}"
    for stranger in (bob, olga, grace()):
        assert Visitor(app, stranger).get(own + paper.id).status_code == 404
        assert Visitor(app, stranger).get(f"{check}/scans/{paper.id}").status_code == 403
    assert not _looks(ada, "credentials_scans.scan")
    eyes = Visitor(app, rosa, english=True)
    assert eyes.get(own + paper.id).status_code == 404
    seen = eyes.get(check)
    assert f'src="/review/credentials/{drawn.claim_id}/scans/{drawn.id}"'.replace("/review", "/en/review") in seen.text
    assert statements(seen) <= STATEMENTS_MAX
    answer = eyes.get(f"{check}/scans/{paper.id}")
    assert (answer.data, answer.mimetype) == (PAPER, PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    assert eyes.get(f"{check}/scans/{drawn.id}").headers["Content-Disposition"].startswith("inline")
    assert _looks(ada, "credentials_scans.scan") == {(rosa.user_id, paper.id), (rosa.user_id, drawn.id)}
    assert "A scan of a credential of yours" in words(page.get("/me/access"))


def _looks(who: Actor, field: str) -> set[tuple[str, str]]:
    with Session() as db:
        lines = db.scalars(sa.select(ReadLine).where(ReadLine.subject_id == who.user_id, ReadLine.field == field))
        return {(line.reader_id, line.row_id) for line in lines}


def test_nobody_opens_their_own_as_a_reviewer(app: Flask) -> None:
    owner = grace()
    hand_in(Visitor(app, owner), PAPER)
    scan = scans_of(owner)[0]
    both = Actor(owner.user_id, owner.roles | {"reviewer"})
    with Session() as db, pytest.raises(NotFound):
        queries.scan_to_check(db, scan.claim_id, scan.id, both)
    with Session() as db, pytest.raises(Forbidden):
        queries.scan_to_check(db, scan.claim_id, scan.id, owner)
    with Session() as db, pytest.raises(NotFound):
        queries.own_scan(db, new_id(), scan.id, owner)


def test_what_is_refused_keeps_what_was_typed_and_hands_nothing_in(app: Flask) -> None:
    owner = grace()
    page, chinese = Visitor(app, owner, english=True), Visitor(app, owner)
    refused = hand_in(page, b"hello")
    assert refused.status_code == 400
    assert "A scan is a PDF, a JPEG or a PNG." in words(refused)
    assert "RF-2024-8812" in refused.text
    assert "扫描件须为 PDF" in words(hand_in(chinese, b"hello"))
    refused = hand_in(page, PAPER, issued_on="someday")
    assert "choose your files again" in words(refused)
    assert "at most 3 scans" in words(hand_in(page, *[PAPER] * 4))
    with Session() as db:
        assert queries.claims_of(db, owner.user_id) == []
    with unit_of_work() as uow:
        ada = make.client(uow)
    assert hand_in(Visitor(app, ada), PAPER).status_code == 403, "who neither applies nor consults hands nothing in"


def test_the_same_form_twice_keeps_its_scans_once(app: Flask) -> None:
    owner, claim = grace(), new_id()
    for _ in range(2):
        assert hand_in(Visitor(app, owner), PAPER, picture(), id=claim).status_code == 303
    assert len(scans_of(owner)) == 2
    kept = service(BlobStore).get(scans_of(owner)[0].id)
    assert kept is not None
    assert b"PDF" not in kept, "it lies sealed"


def test_scans_are_added_and_taken_back_until_somebody_has_checked(app: Flask) -> None:
    owner, other = grace(), grace()
    page = Visitor(app, owner, english=True)
    claim = submit(owner)
    where = f"/pro/credentials/{claim}/scans"
    nothing = page.post(where)
    assert nothing.status_code == 400
    assert "Please choose a file." in words(nothing)
    assert 'id="scans-' in nothing.text
    assert page.post(where, scans=(BytesIO(PAPER), "a.pdf")).status_code == 303
    assert page.post(where, scans=[(BytesIO(picture()), "b.jpg")] * 1).status_code == 303
    first, second = scans_of(owner)
    assert Visitor(app, other).post(where, scans=(BytesIO(PAPER), "a.pdf")).status_code == 404
    assert Visitor(app, other).post(f"{where}/{first.id}/removal").status_code == 404
    assert page.post(f"{where}/{first.id}/removal").status_code == 303
    assert page.post(f"{where}/{first.id}/removal").status_code == 404
    page.post(where, scans=(BytesIO(PAPER), "a.pdf"))
    assert [scan.position for scan in scans_of(owner)] == [1, 2]
    agree(reviewer("Rosa"), claim)
    assert "Add a scan" not in words(page.get("/pro/credentials"))
    late = page.post(where, scans=(BytesIO(PAPER), "a.pdf"))
    assert late.status_code == 409
    assert "Somebody has checked it already" in words(late)
    with pytest.raises(CheckedAlready), unit_of_work(owner) as uow:
        actions.remove_scan(uow, claim_id=claim, scan_id=second.id)


def test_verified_they_stay_and_once_it_no_longer_counts_they_go(app: Flask) -> None:
    owner = grace()
    hand_in(Visitor(app, owner), PAPER, expires_on=(NOW.date() + timedelta(days=40)).isoformat())
    scan = scans_of(owner)[0]
    for name in ("Rosa", "Max"):
        agree(reviewer(name), scan.claim_id)
    assert scans_of(owner) == (scan,)
    with pytest.raises(DecidedAlready), unit_of_work(owner) as uow:
        actions.add_scans(uow, claim_id=scan.claim_id, key=new_id(), scans=[checked(PAPER)])
    with unit_of_work(now=NOW + timedelta(days=42)) as uow:
        actions.pass_time(uow)
    assert ScanRemoved in {type(fact) for fact in uow.facts}
    assert scans_of(owner) == ()
    handlers.forget_scan(ScanRemoved(scan_id=scan.id))
    assert service(BlobStore).get(scan.id) is None


def test_refused_or_taken_back_they_go_and_one_sent_again_stays(app: Flask) -> None:
    owner, rosa = grace(), reviewer("Rosa")
    hand_in(Visitor(app, owner), PAPER)
    scan = scans_of(owner)[0]
    handlers.forget_scan(ScanRemoved(scan_id=scan.id))
    assert service(BlobStore).get(scan.id) is not None, "told late, of one that is there again"
    with unit_of_work(rosa) as uow:
        actions.refuse(uow, claim_id=scan.claim_id, reason="The number is not in the register.")
    assert scans_of(owner) == ()
    assert Visitor(app, rosa).get(f"/review/credentials/{scan.claim_id}/scans/{scan.id}").status_code == 404
    claim = submit(owner)
    with unit_of_work(owner) as uow:
        actions.add_scans(uow, claim_id=claim, key="k", scans=[checked(PAPER)])
        uow.db.flush()
        actions.withdraw_claim(uow, claim_id=claim)
    assert [fact.scan_id for fact in uow.facts if isinstance(fact, ScanRemoved)] == [
        scan_id(claim, "k", checked(PAPER))
    ]


def test_scans_go_with_the_person(app: Flask) -> None:
    owner = grace()
    hand_in(Visitor(app, owner), PAPER)
    scan = scans_of(owner)[0]
    with unit_of_work(owner) as uow:
        privacy.erase_person(uow, person_id=owner.user_id)
    assert [fact.scan_id for fact in uow.facts if isinstance(fact, ScanRemoved)] == [scan.id]
    with Session() as db:
        assert not queries.scan_is_kept(db, scan.id)


def test_the_page_of_one_without_scans_says_so(app: Flask) -> None:
    claim = submit(grace(), number=PROOF.number)
    assert "No scan was handed in" in words(
        Visitor(app, reviewer("Rosa"), english=True).get(f"/review/credentials/{claim}")
    )
