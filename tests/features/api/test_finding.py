from datetime import UTC, datetime, timedelta

from tests import make
from zhixun.features.api.routes import shown
from zhixun.features.catalog import actions as catalog
from zhixun.features.quality.queries import Predicted
from zhixun.features.quality.rules import Estimate
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id


def test_fields_have_topics(house):
    answer = house.visitor.get("/fields").json
    assert answer["next"] is None
    assert answer["items"][0]["id"] == "career"
    assert [topic["id"] for topic in answer["items"][0]["topics"]] == ["offers", "change"]


def test_a_consultant_is_found_by_id_and_by_address(house):
    by_id = house.visitor.get(f"/consultants/{house.grace_id}")
    assert by_id.status_code == 200
    assert by_id.json == house.visitor.get(f"/consultants/{house.slug}").json
    service = by_id.json["services"][0]
    assert service.keys() >= {"id", "title", "channel", "minutes", "price"}
    assert service["price"] == {"amount_minor": 48_000, "currency": "CNY"}
    assert by_id.json["zone"] == "Asia/Shanghai"


def test_who_is_no_longer_listed_is_not_found_and_their_services_neither(house):
    start = house.free()
    quote = f"/services/{house.service_id}/quote"
    assert house.visitor.get(quote, start=start).status_code == 200
    with unit_of_work() as uow:
        catalog.unlist_consultant(uow, consultant_id=house.grace_id)
    for path in (
        f"/consultants/{house.grace_id}", f"/consultants/{house.grace_id}/quality",
        f"/services/{house.service_id}/slots",
    ):  # fmt: skip
        assert house.visitor.get(path).status_code == 404, path
    assert house.visitor.get(quote, start=start).status_code == 404


def test_slots_are_utc_with_the_wall_clock_of_the_asked_zone(house):
    slots = house.visitor.get(f"/services/{house.service_id}/slots", zone="America/New_York").json
    first = slots["items"][0]
    assert slots["zone"] == "America/New_York"
    assert first["start"].endswith("Z")
    assert first["local"][-6:] in {"-04:00", "-05:00"}
    assert datetime.fromisoformat(first["local"]) == datetime.fromisoformat(first["start"])
    assert datetime.fromisoformat(first["end"]) - datetime.fromisoformat(first["start"]) == timedelta(hours=1)


def test_slots_keep_to_the_asked_time(house):
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    slots = house.visitor.get(
        f"/services/{house.service_id}/slots",
        **{"from": begin.isoformat(), "until": (begin + timedelta(hours=5)).isoformat()},
    ).json["items"]
    assert len(slots) == 5
    assert all(begin <= datetime.fromisoformat(one["start"]) < begin + timedelta(hours=5) for one in slots)


def test_a_plus_sign_that_was_not_escaped_is_understood(house):
    begin = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S")
    path = f"/api/v1/services/{house.service_id}/slots?from={begin}+08:00"
    assert house.visitor.http.get(path).status_code == 200


def test_a_time_asked_for_wrongly_is_refused_by_name(house):
    path = f"/services/{house.service_id}/slots"
    for wrong in (
        {"from": "tomorrow"}, {"from": "2026-11-25T09:30:00"}, {"until": "2999-01-01T00:00:00Z"},
        {"zone": "Mars/Olympus"}, {"until": "2026-02-30T00:00:00Z"}, {"from": "9" * 5_000},
    ):  # fmt: skip
        refused = house.visitor.get(path, **wrong)
        assert (refused.status_code, list(refused.json["fields"])) == (400, list(wrong)), wrong
    far = (datetime.now(UTC) + timedelta(days=70)).isoformat()
    assert "until" in house.visitor.get(path, until=far).json["fields"]


def test_a_quote_says_its_lines_in_words_and_what_cancelling_gives_back(house):
    start = house.free(60)
    quote = house.visitor.get(f"/services/{house.service_id}/quote", start=start).json
    assert quote["total"] == {"amount_minor": 48_000, "currency": "CNY"}
    assert sum(line["amount"]["amount_minor"] for line in quote["lines"]) == 48_000
    assert quote["lines"][0]["words"]
    assert [step["refund"]["amount_minor"] for step in quote["refunds"]] == [48_000, 24_000, 0]
    assert datetime.fromisoformat(start) - datetime.fromisoformat(quote["refunds"][0]["until"]) == timedelta(hours=24)
    assert quote["refunds"][-1]["until"] is None
    assert house.visitor.get(f"/services/{house.service_id}/quote").json["fields"].keys() == {"start"}


def test_quality_is_silent_below_five_answers_and_speaks_from_then_on(house):
    path = f"/consultants/{house.slug}/quality"
    nothing = house.visitor.get(path).json
    assert nothing["satisfaction"] == {"mean": None, "count": 0, "solved_share": None}
    assert (nothing["satisfaction_estimate"], nothing["expert"]) == (None, None)
    with unit_of_work(now=make.NOW) as uow:
        ada = make.client(uow, "Ida")
        grace = make.ConsultantMade(make.Actor(house.grace_id), house.service_id, house.slug)
        first = make.slot(uow, grace, number=1)
        for number in range(5):
            at = first + timedelta(hours=number)
            booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=at)
            later = make.acting(uow, ada, now=at + timedelta(hours=2))
            make.feedback(later, booking_id, client=ada, words="清楚，有用")
    said = house.visitor.get(path).json
    assert said["satisfaction"] == {"mean": 4.6, "count": 5, "solved_share": 1.0}
    estimate = said["satisfaction_estimate"]
    assert (estimate["mean"], estimate["count"]) == (4.6, 5)
    assert 1 < estimate["low"] < estimate["value"] < estimate["high"] < 5.5
    assert said["expert"] is None, "no expert has read a session, and no regression has learned from any"
    assert said["dimensions"]["clarity"] == 4.0
    assert said["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 5}
    assert said["reviews"][0]["words"] == "清楚，有用"
    assert "Ida" not in str(said)


def test_what_is_only_predicted_says_so():
    guessed = Predicted(4.213, 12)
    said = shown.expert_score(None, guessed)
    assert said is not None
    assert (said.predicted, said.mean, said.count, said.low, said.high) == (True, 4.21, 12, None, None)
    judged = shown.expert_score(Estimate(4.5, 3, 4.31, 3.9, 4.72), guessed)
    assert judged is not None
    assert (judged.predicted, judged.mean, judged.count, judged.value, judged.low, judged.high) == (
        False, 4.5, 3, 4.31, 3.9, 4.72,
    )  # fmt: skip


def test_names_that_cannot_be_are_not_found(house):
    for name in ("x" * 5_000, "A B", "..%2F..", "%00", "%ED%A0%80", new_id()):
        assert house.visitor.http.get(f"/api/v1/consultants/{name}").status_code == 404, name
    for name in ("1", "x" * 32, "%00" * 10, new_id(), new_id().upper()):
        assert house.visitor.http.get(f"/api/v1/services/{name}/slots").status_code == 404, name
