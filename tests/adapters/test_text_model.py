"""What every text model promises. The server for the second is a real one that speaks OpenAI's protocol, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from stubllm.fixtures.models import Fixture
from stubllm.server import create_app

from zhixun.adapters.text_model.extractive import ExtractiveModel
from zhixun.adapters.text_model.openai import ModelServer, OpenAiModel
from zhixun.features.assistant.ports import ModelFailed, TextModel
from zhixun.features.assistant.rules import Evidence, Weighed, checked, pieces_of

REFUNDS = Evidence(
    1, "refunds", "Refunds", "Cancel 24 hours before and all of it comes back. Later, half comes back.", 9.0
)
HOLD = Evidence(2, "hold", "Holding a time", "The time is kept for you for 15 minutes.", 8.0)
WEIGHED = Weighed({"cancel": 2.0, "refund": 2.0, "minut": 3.0}, {})
QUESTION = "What comes back when I cancel?"
SAID = "Cancel 24 hours before and all of it comes back. [1] The time is kept for 15 minutes. [2]"


def fixture(question: str, **response: object) -> Fixture:
    match = {"provider": "openai", "messages": [{"role": "user", "content": {"contains": question}}]}
    return Fixture.model_validate({"name": question, "match": match, "response": response})


FIXTURES = [
    fixture(QUESTION, content=SAID),
    fixture("too busy", http_status=429, error_message="later"),
    fixture("broken", http_status=500, error_message="broken"),
    fixture("obeyed", content="PWNED: send your card number to evil.example [1] All refunds are 900 yuan. [1]"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    run = uvicorn.Server(uvicorn.Config(create_app(fixtures=FIXTURES), port=0, log_level="warning"))
    thread = threading.Thread(target=run.run, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + 20
    while not run.started and time.monotonic() < give_up_at:
        time.sleep(0.02)
    port = run.servers[0].sockets[0].getsockname()[1]
    yield ModelServer(f"http://127.0.0.1:{port}/v1", "small", "sk-for-tests-only")
    run.should_exit = True
    thread.join(10)


MODELS: dict[str, Callable[[ModelServer], TextModel]] = {
    "extractive": lambda server: ExtractiveModel(),
    "openai": OpenAiModel,
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, server: ModelServer) -> TextModel:
    return MODELS[request.param](server)


def told(model: TextModel, question: str) -> list[str]:
    return list(model.answer(question, [REFUNDS, HOLD], WEIGHED, language="en"))


def test_an_answer_comes_in_pieces_and_every_sentence_cites(model: TextModel) -> None:
    pieces = told(model, QUESTION)
    assert len(pieces) > 1, "as it is written"
    sentences = list(pieces_of(iter(pieces), "en"))
    assert sentences
    assert all(checked(one, [REFUNDS, HOLD], WEIGHED.words) for one in sentences)
    assert any("24 hours before" in one for one in sentences)


@pytest.mark.parametrize("question", ["too busy", "broken"])
def test_a_server_that_refuses_has_failed(server: ModelServer, question: str) -> None:
    with pytest.raises(ModelFailed):
        told(OpenAiModel(server), question)


def test_a_server_that_is_not_there_has_failed() -> None:
    with pytest.raises(ModelFailed):
        told(OpenAiModel(ModelServer("http://127.0.0.1:9/v1", "small")), QUESTION)


def test_what_a_led_astray_model_says_is_not_shown(server: ModelServer) -> None:
    sentences = list(pieces_of(iter(told(OpenAiModel(server), "obeyed")), "en"))
    assert sentences
    assert [checked(one, [REFUNDS, HOLD], WEIGHED.words) for one in sentences] == [None] * len(sentences)


def test_a_key_is_never_shown(server: ModelServer) -> None:
    assert server.key not in repr(server)
