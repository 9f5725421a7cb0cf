"""A consultant's own photo: checked, cut, bare of what else its file said, shown wherever they are, and gone when taken away."""

from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from tests import make
from tests.visitor import Visitor, house, statements, words
from zhixun.events.catalog import ConsultantListed, PhotoRemoved
from zhixun.features.catalog import actions, handlers, queries
from zhixun.features.catalog.rules import photo as rules
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as privacy_queries
from zhixun.features.search import handlers as search
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.pictures import PORTRAIT_SIDES
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id, utc_now

HIDDEN = "31.2304 N, 121.4737 E"
PAGE = {
    "title_en": "Adviser", "about_en": "We look at every offer together.", "line_en": "Choosing a job",
    "city_en": "Hangzhou", "topic": "offers", "language": "en",
}  # fmt: skip


def picture(kind: str = "JPEG", size: tuple[int, int] = (300, 400), mode: str = "RGB", **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red").save(out, kind, **more)
    return out.getvalue()


def on_its_side() -> bytes:
    """Left half red, right half blue, and a note that it lies on its side: upright, red is above."""
    drawn = Image.new("RGB", (400, 400), "blue")
    drawn.paste("red", (0, 0, 200, 400))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, HIDDEN
    out = BytesIO()
    drawn.save(out, "JPEG", quality=95, exif=exif.tobytes())
    return out.getvalue()


def bomb() -> bytes:
    """A few bytes that say they are 200 million points."""
    head = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1_000))), (b"IEND", b"")]
    said = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(said)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize(
    "data",
    [
        picture(), picture("PNG"), picture("PNG", mode="RGBA"), picture("PNG", mode="P"), picture("WEBP"),
        picture("JPEG", mode="CMYK"), picture("JPEG", mode="L"), picture("PNG", size=(200, 5_000)),
    ],
)  # fmt: skip
def test_a_photo_becomes_square_in_the_sizes_pages_use(data):
    kept = rules.checked(data)
    assert tuple(kept) == PORTRAIT_SIDES
    for side, one in kept.items():
        found = opened(one)
        assert (found.format, found.size, found.mode) == ("WEBP", (side, side), "RGB")


def test_a_large_photo_is_unpacked_no_larger_than_its_square_needs(monkeypatch):
    seen, square = [], rules._square
    monkeypatch.setattr(rules, "_square", lambda picture: seen.append(picture.size) or square(picture))
    rules.checked(picture(size=(4_000, 3_000)))
    assert seen == [(1_000, 750)]


def test_a_photo_stands_upright_and_says_nothing_of_where_it_was_taken():
    data = on_its_side()
    assert HIDDEN.encode() in data
    kept = rules.checked(data)[288]
    above, below = (opened(kept).convert("RGB").getpixel(place) for place in ((144, 20), (144, 268)))
    assert above[0] > 200 > 60 > above[2]
    assert below[2] > 200 > 60 > below[0]
    assert HIDDEN.encode() not in kept
    assert not opened(kept).getexif()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "JPEG, PNG or WebP"),
        (b"%PDF-1.7", "JPEG, PNG or WebP"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "JPEG, PNG or WebP"),
        (picture("GIF", mode="P"), "JPEG, PNG or WebP"),
        (picture()[:300], "damaged"),
        (b"\xff\xd8\xff and nothing", "damaged"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "damaged"),
        (bomb(), "damaged"),
        (picture("PNG", size=(8_000, 5_001), mode="1"), "too many pixels"),
        (picture(size=(199, 900)), "too small"),
        (picture() + bytes(rules.BYTES_MAX), "10 MB"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence(data, said):
    with pytest.raises(Invalid) as refused:
        rules.checked(data)
    assert list(refused.value.fields) == ["photo"]
    assert said in refused.value.fields["photo"]


@pytest.fixture
def grace(db_url, tmp_path):
    app = house(db_url, tmp_path)
    with unit_of_work() as uow:
        make.field(uow)
        made = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
    search.index_listed(ConsultantListed(consultant_id=made.id))
    return app, made


def photo_id(made) -> str:
    with Session() as db:
        return queries.photo_of(db, made.id)


def send(visitor: Visitor, data: bytes, **changes: object):
    return visitor.post("/pro/page", photo=(BytesIO(data), "me.jpg"), **(PAGE | changes))


def test_a_photo_is_shown_wherever_its_owner_is_and_costs_pages_no_question_more(grace):
    app, made = grace
    visitor, stranger = Visitor(app, made.actor, english=True), Visitor(app)
    with Session() as db:
        card = queries.cards_of(db, [made.id])[made.id]
    before = {path: statements(stranger.get(path)) for path in ("/consultants", f"/c/{card.slug}")}
    assert f"/portrait/{card.portrait}.svg" in stranger.get("/consultants").text
    assert "Your page shows it now" in words(visitor.follow(send(visitor, picture())))
    name = photo_id(made)
    for path, many in before.items():
        answer = stranger.get(path)
        assert f'src="/portrait/{name}-192.webp"' in answer.text, path
        assert f"/portrait/{name}-288.webp 288w" in answer.text
        assert statements(answer) == many
    assert f"/portrait/{name}-192.webp" in visitor.get("/pro/page").text
    with Session() as db:
        assert queries.name_of(db, made.id) == card.name
        assert queries.names_of(db, [made.id])[made.id].portrait == f"photo-{name}"
        assert {one.portrait for one in queries.listed_names(db)} == {f"photo-{name}"}
    told = stranger.get(f"/api/v1/consultants/{made.id}").get_json()
    assert told["portrait"] == f"/portrait/{name}-288.webp"


def test_a_photo_is_kept_long_by_browsers_and_asked_for_in_its_sizes_only(grace):
    app, made = grace
    send(Visitor(app, made.actor), picture())
    path = f"/portrait/{photo_id(made)}-96.webp"
    answer = Visitor(app).get(path)
    assert (answer.status_code, answer.mimetype, opened(answer.data).size) == (200, "image/webp", (96, 96))
    assert answer.headers["Cache-Control"] == "public, max-age=2592000, immutable"
    assert "Set-Cookie" not in answer.headers
    for wrong in (
        path.replace("96", "97"),
        f"/portrait/{new_id()}-96.webp",
        "/portrait/x-96.webp",
        "/portrait/%00-96.webp",
    ):
        assert Visitor(app).get(wrong).status_code == 404, wrong


def test_what_is_refused_keeps_the_photo_before_and_what_was_typed(grace):
    app, made = grace
    visitor, chinese = Visitor(app, made.actor, english=True), Visitor(app, made.actor)
    send(visitor, picture())
    first = photo_id(made)
    refused = send(visitor, b"%PDF-1.7", city_en="Ningbo")
    assert refused.status_code == 400
    assert "A photo is a JPEG, PNG or WebP picture." in words(refused)
    assert 'value="Ningbo"' in refused.text
    assert "照片须为 JPEG" in words(send(chinese, b"%PDF-1.7"))
    refused = send(visitor, picture(), city_en="")
    assert "Please say in which city you work." in words(refused)
    assert "please choose your photo again" in words(refused)
    assert photo_id(made) == first
    assert visitor.get("/pro/page").text.count('value="Hangzhou"') == 1


def test_a_new_photo_has_a_new_address_and_the_old_one_goes(grace):
    app, made = grace
    visitor = Visitor(app, made.actor)
    send(visitor, picture())
    old = photo_id(made)
    send(visitor, picture("PNG"))
    assert photo_id(made) != old
    assert Visitor(app).get(f"/portrait/{old}-96.webp").status_code == 404
    handlers.forget_photo(PhotoRemoved(photo_id=old))
    assert [service(BlobStore).get(rules.blob_id(old, side)) for side in PORTRAIT_SIDES] == [None] * 3
    assert Visitor(app).get(f"/portrait/{photo_id(made)}-96.webp").status_code == 200


def test_taken_away_the_drawn_portrait_stands_there_again(grace):
    app, made = grace
    visitor = Visitor(app, made.actor, english=True)
    assert "Take my photo away" not in words(visitor.get("/pro/page"))
    send(visitor, picture())
    assert "Take my photo away" in words(visitor.get("/pro/page"))
    for _ in range(2):
        visitor.post("/pro/page", remove_photo="yes", **PAGE)
    assert photo_id(made) == ""
    assert ".svg" in visitor.get("/pro/page").text
    with unit_of_work(made.actor) as uow:
        actions.remove_photo(uow)
    assert uow.facts == []


def test_listing_again_keeps_the_photo(grace):
    app, made = grace
    send(Visitor(app, made.actor), picture())
    first = photo_id(made)
    with unit_of_work() as uow:
        card = queries.cards_of(uow.db, [made.id])[made.id]
        actions.list_consultant(
            uow, consultant_id=made.id, slug=card.slug, name=card.name, title=card.title, line=card.line,
            about=card.line, city=card.city, field_id=card.field_id, topic_ids=card.topic_ids, languages=("en",),
            years=3, seniority="junior", gender="", portrait="f-1",
        )  # fmt: skip
    assert photo_id(made) == first


def test_who_has_no_page_has_no_photo(grace):
    app, _ = grace
    with unit_of_work() as uow:
        ada = make.client(uow)
    assert send(Visitor(app, ada), picture()).status_code == 403
    with pytest.raises(NotFound), unit_of_work(ada) as uow:
        actions.seal_photo(uow, photo_id=new_id(), photo=rules.checked(picture()))
    with pytest.raises(NotFound), unit_of_work(ada) as uow:
        actions.put_photo(uow, photo_id=new_id())


def test_a_photo_lies_sealed_is_in_its_owners_copy_and_goes_with_them(grace, tmp_path):
    app, made = grace
    send(Visitor(app, made.actor), picture())
    name = photo_id(made)
    kept = service(BlobStore).get(rules.blob_id(name, 288))
    assert b"WEBP" not in kept
    with Session() as db:
        told = privacy_queries.export_of(db, made.id, utc_now())["tables"]["catalog_photo"]
    assert opened(base64.b64decode(told[0]["base64"])).size == (288, 288)
    with unit_of_work(made.actor) as uow:
        privacy.erase_person(uow, person_id=made.id)
    assert [fact.photo_id for fact in uow.facts if isinstance(fact, PhotoRemoved)] == [name]
    assert Visitor(app).get(f"/portrait/{name}-288.webp").status_code == 404
    assert photo_id(made) == ""
