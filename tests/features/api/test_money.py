from datetime import timedelta

from tests import make
from zhixun.features.booking import actions as bookings
from zhixun.kernel.unit_of_work import unit_of_work


def test_a_payment_is_its_payers_alone(house):
    made = house.book()
    seen = house.ada.get(f"/payments/{made['payment']['id']}").json
    assert (seen["state"], seen["booking_id"]) == ("pending", made["id"])
    assert seen["amount"] == {"amount_minor": 48_000, "currency": "CNY"}
    for other in (house.bob, house.grace):
        assert other.get(f"/payments/{made['payment']['id']}").status_code == 404
        assert other.post(f"/payments/{made['payment']['id']}/sandbox", {"outcome": "pay"}).status_code == 404


def test_the_sandbox_reports_what_it_is_told_to(house):
    payment_id = house.book()["payment"]["id"]
    path = f"/payments/{payment_id}/sandbox"
    assert house.ada.post(path, {"outcome": "explode"}).status_code == 400
    assert house.ada.post(path, {"outcome": "fail"}).json["state"] == "failed"
    assert house.ada.post(path, {"outcome": "pay"}).json["state"] == "captured"
    assert house.ada.post(path, {"outcome": "pay_twice"}).json["state"] == "captured"
    assert house.ada.get(f"/payments/{payment_id}").json["captured_at"]


def test_a_webhook_that_is_not_signed_is_refused(house):
    assert house.visitor.post("/payments/webhooks/sandbox", {"type": "captured"}).status_code == 403
    assert house.visitor.post("/payments/webhooks/nobody", {}).status_code == 404


def test_the_ledger_says_what_each_session_brought(house):
    with unit_of_work(now=make.NOW) as uow:
        ada, grace = make.client(uow, "Ida"), make.ConsultantMade(make.Actor(house.grace_id), house.service_id, "")
        first = make.slot(uow, grace, number=1)
        held = [
            make.completed_booking(uow, client=ada, consultant=grace, start=first + timedelta(hours=number))
            for number in range(3)
        ]
    for number, booking_id in enumerate(held):
        with unit_of_work(now=make.NOW + timedelta(days=7, minutes=number)) as uow:
            bookings.release_money(uow, booking_id=booking_id)
    books = house.grace.get("/me/ledger", limit=2).json
    assert books["balance"] == {"amount_minor": 3 * 42_240, "currency": "CNY"}
    assert [line["booking_id"] for line in books["items"]] == [held[2], held[1]]
    line = books["items"][0]
    amounts = [line[name]["amount_minor"] for name in ("gross", "commission", "net")]
    assert amounts == [48_000, 5_760, 42_240]
    assert [entry["amount"]["amount_minor"] for entry in books["entries"]] == [42_240, 42_240]
    last = house.grace.get("/me/ledger", limit=2, cursor=books["next"]).json
    assert [line["booking_id"] for line in last["items"]] == [held[0]]
    assert last["next"] is None


def test_a_ledger_is_only_ones_own(house):
    books = house.ada.get("/me/ledger").json
    assert (books["balance"]["amount_minor"], books["items"], books["entries"]) == (0, [], [])
