"""What is sent to each address: the names of things that belong to Ada and Grace, wherever a form takes a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests import make

WORDS = "Please look at this, there was no sound for half an hour."
START, LATER = "2026-12-02T02:00:00Z", "2026-12-02T10:00"


def forms(ids: Mapping[str, str]) -> dict[str, Any]:
    """Address → what is sent there. Pages that are not named get "", which has a value for every field there is."""
    return {"": _everything(ids)} | _pages(ids) | _programs(ids)


def _everything(ids: Mapping[str, str]) -> dict[str, Any]:
    """Ids of Ada's things under every name: who sends the id of something there is must not be given it."""
    named = {name: value for name, value in ids.items() if name.endswith("_id")}
    return {
        **named, "id": ids["sign_in_id"], "statement_id": ids["dispute_id"], "refund_id": ids["booking_id"],
        "product_id": ids["package_id"], "question_id": ids["talk_id"], "subject_id": ids["feedback_id"],
        "question": WORDS, "words": WORDS, "text": WORDS, "reason": WORDS, "note": WORDS, "brief": WORDS, "answer": WORDS,
        "about": WORDS, "start": LATER, "seen": LATER, "until": LATER, "day": "2026-12-02", "from": "09:00", "seconds": "1",
        "kind": "complaint", "name": "Somebody", "title": "Somebody’s", "email": "ada@example.com", "value": "legal",
        "password": make.PASSWORD, "code": "000000", "zone": "Asia/Shanghai", "language": "en", "wanted": "yes",
        "minutes": "60", "price": "120", "seats": "2", "seats_min": "1", "amount": "1", "percent": "10", "points": "0",
        "how": "all", "agrees": "no", "upheld": "yes", "outcome": "pay", "deed": "remove", "saved": "yes", "sure": "yes",
        "month": "2026-11", "next": "/", "seen_revision": "1", "choice": "video:60", "field": "career", "helped": "yes",
        "terms": "1", "url": "https://example.com/hook", "roles": "administrator", "untag": "vip", "delete": ids["matter_id"],
    }  # fmt: skip


def _pages(ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        "/help/complaint": {"matter_id": ids["matter_id"], "kind": "complaint", "text": WORDS, "booking_id": ids["done_id"]},
        "/pro/services/<service_id>": {"title_zh": "一小时咨询", "title_en": "One hour", "price": "480"},
        "/pro/report/appeals": {"kind": "feedback", "subject_id": ids["feedback_id"], "reason": WORDS},
        "/ops/reconciliation": {"gateway": "sandbox", "day": "2026-11-23"},
        "/me/saved": {"consultant_id": ids["consultant_id"], "saved": "yes"},
        "/pro/credentials": {
            "claim_id": ids["claim_id"], "kind": "licence", "number": "13101", "issuer": "Bureau", "issued_on": "2020-05-01",
        },
    }  # fmt: skip


def _programs(ids: Mapping[str, str]) -> dict[str, Any]:
    scores = {"accuracy": 5, "clarity": 4, "actionable": 5, "boundaries": 4, "punctual": 5}
    series = {"service_id": ids["service_id"], "start": START, "sessions": 2, "id": ids["series_id"]}
    group = {"title": "Interview practice", "start": START, "price_minor": 100, "seats": 2, "id": ids["group_id"]}
    call = {"question": WORDS, "field": "career", "channel": "video", "minutes": 60, "id": ids["call_id"]}
    said: dict[str, Any] = {
        "assistant/answers": {"question": WORDS, "conversation_id": ids["talk_id"]},
        "assistant/hand-overs": {"conversation_id": ids["talk_id"], "note": WORDS},
        "bookings": {"service_id": ids["service_id"], "start": START, "id": ids["held_id"]},
        "bookings/<booking_id>/refusal": {"reason": WORDS},
        "bookings/<booking_id>/reschedule": {"start": START},
        "conversations/<conversation_id>/files": {"client_id": "x", "files": ""},
        "conversations/<conversation_id>/messages": {"client_id": "x", "text": WORDS},
        "feedback": {"booking_id": ids["done_id"], "scores": scores, "nps": 9, "solved": "yes"},
        "groups": group,
        "groups/<group_id>/seats": {"id": ids["seat_id"]},
        "instant/calls": call,
        "interactions": {
            "events": [{"id": "x", "kind": "view", "subject": "page:/consultants", "at": "2026-11-24T09:00:00Z"}]
        },
        "me": {"password": make.PASSWORD},
        "me/days-off": {"until": "2026-11-24"},
        "orders": {"package_id": ids["package_id"], "id": ids["order_id"]},
        "payments/<payment_id>/sandbox": {"outcome": "pay"},
        "series": series,
        "services/<service_id>/asking": {"on_request": True},
        "tokens": {"email": "carl@example.com", "password": make.PASSWORD},
        "webhooks": {"url": "https://example.com/hook", "kinds": ["booking.held"], "id": ids["endpoint_id"]},
    }  # fmt: skip
    return {f"/api/v1/{name}": one for name, one in said.items()}
