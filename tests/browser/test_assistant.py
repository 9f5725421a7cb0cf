"""Asking the assistant in real windows: cited, not known, and handed over to a person who answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant import handlers
from zhixun.features.assistant.queries import house_articles
from zhixun.features.catalog import actions as catalog
from zhixun.features.search.handlers import bring_up_to_date
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

DEPOSIT = {
    "zh": ("房东不退押金怎么办", "房东不退押金怎么办", "摘自站内文章", "我不知道"),
    "en": ("My landlord keeps the deposit", "landlord", "Quoted from our articles", "I don’t know"),
}


@dataclass(frozen=True)
class People:
    url: str
    ada: Actor
    olga: Actor


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """The house with its articles, a lawyer for tenants, someone who asks and someone at the desk."""
    with serving(db_url, tmp_path) as url:
        with unit_of_work() as uow:
            catalog.put_house_fields(uow)
            assistant.put_house_articles(uow, articles=house_articles())
            ada, olga = make.client(uow, language="en"), make.operator(uow, role="support")
            grace = make.listed(uow, "Grace", topic_ids=("renting",), hours=make.AROUND_THE_CLOCK)
        handlers.bring_up_to_date()
        bring_up_to_date([grace])
        yield People(url, ada, olga)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as found:
        yield found


def ask(page: Page, question: str) -> None:
    answers = page.locator("#talk .ans")
    before = answers.count()
    page.locator("#question").fill(question)
    page.locator("[data-ask] button").click()
    expect(page.locator("#question")).to_have_value("")
    expect(answers).to_have_count(before + 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_is_cited_and_what_is_not_known_is_said(people: People, opened: Opened, language: str) -> None:
    page = opened(phone=language == "zh")
    page.goto("/assistant" if language == "zh" else "/en/assistant")
    look(page, f"assistant-empty-{language}")
    question, title, sure, unknown = DEPOSIT[language]
    ask(page, question)
    answer = page.locator("#talk li:has(.ans)").last
    expect(answer).to_contain_text(sure)
    expect(answer.locator(".ans__c")).to_contain_text("Grace")
    look(page, f"assistant-answered-{language}")
    said = answer.locator(".ans__t").evaluate("one => one.firstChild.textContent.trim()")
    ask(page, "世界杯谁会赢" if language == "zh" else "who won the world cup")
    expect(page.locator("#talk li:has(.ans)").last).to_contain_text(unknown)
    look(page, f"assistant-unknown-{language}")
    answer = page.locator("#talk li:has(.ans)").first
    answer.locator(".ans__t .ans__n").first.click()
    expect(page.locator("h1")).to_contain_text(title)
    expect(page.locator("main")).to_contain_text(said)
    look(page, f"assistant-source-{language}")


def test_a_person_takes_over_with_the_summary_and_the_answer_arrives(people: People, opened: Opened) -> None:
    asker, desk = opened(people.ada, phone=True), opened(people.olga)
    asker.goto("/en/assistant")
    ask(asker, DEPOSIT["en"][0])
    ask(asker, "who won the world cup")
    asker.locator("#note").fill("Please look at my lease.")
    asker.get_by_role("button", name="Hand over to a person").click()
    expect(asker.locator("#talk")).to_contain_text("A person of the house has been asked")
    look(asker, "assistant-handed-over")
    desk.goto("/en/ops/handovers")
    look(desk, "assistant-queue")
    desk.get_by_role("link", name="Ada").click()
    summary = desk.locator("section[aria-labelledby=summary]")
    for part in (DEPOSIT["en"][0], "who won the world cup", "Please look at my lease."):
        expect(summary).to_contain_text(part)
    look(desk, "assistant-hand-over")
    desk.get_by_label("Your answer").fill("I looked: write to them and give them two weeks.")
    desk.get_by_role("button", name="Send the answer").click()
    desk.wait_for_url("**/ops/handovers")
    expect(desk.locator("main")).not_to_contain_text("Please look at my lease.")
    asker.goto("/en/notices")
    asker.get_by_role("link", name="Olga answered what you asked").click()
    expect(asker.locator("#talk .bub--person")).to_contain_text("give them two weeks")
    look(asker, "assistant-person-answered")
