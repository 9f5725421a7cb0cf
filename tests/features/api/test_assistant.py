"""The assistant for programs: answers with citations, whole or streamed, and a person."""

from __future__ import annotations

import json

import pytest

from tests.features.api.conftest import House
from zhixun.features.assistant import actions, handlers
from zhixun.features.assistant.queries import house_articles
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

QUESTION = "How much comes back when I cancel my booking?"


@pytest.fixture
def taught(house: House) -> House:
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
        actions.put_house_articles(uow, articles=house_articles())
    handlers.bring_up_to_date()
    return house


def test_an_answer_has_citations_confidence_a_person_and_consultants(taught: House) -> None:
    told = taught.visitor.post("/assistant/answers", {"question": QUESTION}).json
    assert told["answered"] is True
    assert told["citations"][0]["article_id"] == "house-refunds.en"
    assert told["citations"][0]["url"].endswith("/knowledge/house-refunds.en")
    assert "[1]" in told["answer"]
    assert 0.35 <= told["confidence"] <= 1
    assert told["hand_over"] == {"offered": True, "urgent": False, "waiting": False}
    assert isinstance(told["consultants"], list)


def test_it_says_when_it_does_not_know(taught: House) -> None:
    told = taught.visitor.post("/assistant/answers", {"question": "who won the world cup"}).json
    assert (told["answered"], told["citations"]) == (False, [])
    assert told["answer"].startswith("I don’t know")


def test_danger_comes_first(taught: House) -> None:
    told = taught.visitor.post("/assistant/answers", {"question": "I want to kill myself"}).json
    assert told["hand_over"]["urgent"] is True
    assert told["consultants"] == []
    assert "12356" in told["answer"]


def test_a_stream_ends_with_the_whole_answer(taught: House) -> None:
    answer = taught.visitor.post("/assistant/answers", {"question": QUESTION}, Accept="text/event-stream")
    assert answer.mimetype == "text/event-stream"
    events = [part.split("\n") for part in answer.text.strip().split("\n\n")]
    names = [lines[0].removeprefix("event: ") for lines in events]
    assert names[0] == "piece"
    assert names[-1] == "answer"
    whole = json.loads(events[-1][1].removeprefix("data: "))
    pieces = [json.loads(lines[1].removeprefix("data: "))["text"] for lines in events[:-1]]
    assert " ".join(pieces) == whole["answer"]


def test_a_conversation_goes_on_for_its_owner_only(taught: House) -> None:
    talk = new_id()
    first = taught.ada.post("/assistant/answers", {"question": QUESTION, "conversation_id": talk})
    assert first.json["conversation_id"] == talk
    refused = taught.bob.post("/assistant/answers", {"question": QUESTION, "conversation_id": talk})
    assert (refused.status_code, refused.json["code"]) == (404, "not_found")
    streamed = taught.bob.post(
        "/assistant/answers", {"question": QUESTION, "conversation_id": talk}, Accept="text/event-stream"
    )
    assert streamed.status_code == 404, "refused before the first event"


def test_a_person_is_asked_once(taught: House) -> None:
    talk = new_id()
    taught.ada.post("/assistant/answers", {"question": QUESTION, "conversation_id": talk})
    made = taught.ada.post("/assistant/hand-overs", {"conversation_id": talk, "note": "Please"})
    assert made.status_code == 201
    again = taught.ada.post("/assistant/hand-overs", {"conversation_id": talk})
    assert again.json["id"] == made.json["id"]
    told = taught.ada.post("/assistant/answers", {"question": QUESTION, "conversation_id": talk}).json
    assert told["hand_over"]["waiting"] is True
    assert taught.visitor.post("/assistant/hand-overs", {"conversation_id": talk}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [{}, {"question": ""}, {"question": "x" * 1_001}, {"question": 5}, {"question": "a", "conversation_id": "x"}],
)
def test_what_makes_no_sense_is_refused(taught: House, body: dict[str, object]) -> None:
    refused = taught.visitor.post("/assistant/answers", body)
    assert (refused.status_code, refused.json["code"]) == (400, "invalid")
