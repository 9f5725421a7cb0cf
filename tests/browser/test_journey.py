"""The whole way once, in real windows: from a question to a review, and the money to the consultant's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import kept_picture
from tests.house import House
from zhixun.adapters.database import opened

PASSWORD = "zhixun-demo"


@dataclass(frozen=True)
class Walk:
    """One way of being here: a language, a device, a light."""

    name: str
    prefix: str
    question: str
    brief: str
    hello: str
    answer: str
    words: str
    client: str
    phone: bool
    dark: bool


WALKS = (
    Walk(
        "zh-phone-light", "", "公司通知裁员，只给 N，要求周五前签字，我该不该签？", "想先弄清楚该不该签字。", "您好，我把协议带来了。",
        "您好，先不要签。", "讲得很清楚，知道下一步怎么做了。", "client05@example.com", True, False,
    ),
    Walk(
        "en-desktop-dark", "/en", "My company is laying me off and wants a signature by Friday. Should I sign?",
        "I want to know whether to sign.", "Hello, I have the agreement here.", "Hello. Do not sign yet.",
        "Clear and practical. I know what to do next.", "client06@example.com", False, True,
    ),
)  # fmt: skip


@pytest.mark.timeout(600)
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
def test_from_a_question_to_a_review(window: Callable[..., Page], house: House, walk: Walk) -> None:
    client = window(phone=walk.phone, dark=walk.dark)
    sign_in(client, walk, walk.client)
    consultant_page = find_someone(client, walk)
    choose_a_time(client, walk)
    booking_id = pay(client, walk)
    bring_near(house, booking_id)

    consultant = window(dark=walk.dark)
    sign_in(consultant, walk, consultant_email(client, consultant_page))
    talk(client, consultant, walk, booking_id)
    complete(client, consultant, walk, booking_id)
    leave_feedback(client, walk, booking_id)
    client.goto(consultant_page)
    look(client, walk, "consultant-after")

    see_the_earnings(consultant, walk)
    operator = window(phone=walk.phone, dark=walk.dark)
    sign_in(operator, walk, "operator@example.com")
    see_it_all(operator, walk, booking_id)


def sign_in(page: Page, walk: Walk, email: str) -> None:
    page.goto(f"{walk.prefix}/sign-in")
    look(page, walk, "sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def find_someone(page: Page, walk: Walk) -> str:
    page.goto(f"{walk.prefix}/")
    look(page, walk, "home")
    page.locator("textarea[name=q]").fill(walk.question)
    page.locator("form.ask button").click()
    expect(page.locator(".heard__q")).to_contain_text(walk.question[:10])
    expect(page.locator("article.best").first).to_be_visible()
    look(page, walk, "match")
    link = page.locator("article.best h3 a").first
    link.click()
    page.wait_for_url(re.compile("/c/"))
    look(page, walk, "consultant")
    return page.url.split("?")[0].split("#")[0]


def choose_a_time(page: Page, walk: Walk) -> None:
    day = page.locator(".svcb:visible label.day:has(input:enabled)").first
    day.click()
    page.locator(".times__d:visible label.tslot:has(input:enabled)").last.click()
    page.locator(".sheetbar button, #book .book__f button.btn--primary").locator("visible=true").first.click()
    page.wait_for_url(re.compile("/checkout/"))
    expect(page.locator("textarea[name=brief]")).to_be_visible()


def pay(page: Page, walk: Walk) -> str:
    look(page, walk, "checkout")
    booking_id = page.url.rstrip("/").rpartition("/")[2].partition("?")[0]
    page.locator("textarea[name=brief]").fill(walk.brief)
    page.locator("button[form=pay], #pay .sumcard button").locator("visible=true").first.click()
    page.wait_for_url(re.compile("/sandbox/pay/"))
    look(page, walk, "sandbox")
    page.locator("button[value=pay]").click()
    page.wait_for_url(re.compile(f"/sessions/{booking_id}"))
    expect(page.locator("main .tag--good").first).to_be_visible()
    look(page, walk, "booked")
    return booking_id


def consultant_email(page: Page, consultant_page: str) -> str:
    """The sample people's addresses follow their page's address."""
    slug = consultant_page.rpartition("/")[2]
    return "consultant@example.com" if slug == "chen-shuning" else f"{slug}@sample.example.com"


def talk(client: Page, consultant: Page, walk: Walk, booking_id: str) -> None:
    for page in (client, consultant):
        page.goto(f"{walk.prefix}/sessions/{booking_id}/room")
    look(client, walk, "room-early")
    for page in (client, consultant):
        page.locator("form[action$='/room'] button").click()
    say(client, walk.hello)
    expect(consultant.locator(".bub", has_text=walk.hello)).to_have_count(1)
    say(consultant, walk.answer)
    expect(client.locator(".bub", has_text=walk.answer)).to_have_count(1)
    expect(client.locator(".bub", has_text=walk.hello)).to_have_count(1)
    client.context.set_offline(True)
    say(consultant, walk.answer + " 2")
    client.context.set_offline(False)
    expect(client.locator(".bub", has_text=walk.answer + " 2")).to_have_count(1)
    look(client, walk, "room")


def say(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("[data-compose] button").last.click()
    expect(page.locator(".bub", has_text=text)).to_have_count(1)


def bring_near(house: House, booking_id: str) -> None:
    """Nobody waits for a day to come: the session begins in fourteen minutes, so that it may be started early."""
    with opened(url="", data_dir=house.data_dir, programs=None) as address, psycopg.connect(address) as db:
        db.execute(
            "UPDATE booking_bookings SET starts_at = now() + interval '14 minutes', "
            "ends_at = now() + (14 + minutes) * interval '1 minute', free_until = least(free_until, now()) WHERE id = %s",
            [booking_id],
        )


def complete(client: Page, consultant: Page, walk: Walk, booking_id: str) -> None:
    consultant.locator("form[action$='/start'] button").click()
    expect(consultant.locator(".stage--running")).to_be_visible()
    expect(client.locator(".stage--running")).to_be_visible()
    look(consultant, walk, "room-running")
    client.locator("[data-open=endit]").click()
    look(client, walk, "room-end-dialog")
    client.locator("#endit form button.btn--danger, #endit form button[type=submit], #endit form button").last.click()
    client.wait_for_url(re.compile("/(feedback|room|sessions)"))


def leave_feedback(page: Page, walk: Walk, booking_id: str) -> None:
    page.goto(f"{walk.prefix}/sessions/{booking_id}/feedback")
    look(page, walk, "feedback")
    page.locator("form.fb button.btn--primary").click()
    expect(page.locator("[role=alert]").first).to_be_visible()
    look(page, walk, "feedback-errors")
    for name in ("accuracy", "clarity", "actionable", "boundaries", "punctual"):
        page.locator(f"label:has(input[name={name}][value='5'])").click()
    page.locator("label:has(input[name=nps][value='9'])").click()
    page.locator("label:has(input[name=solved][value=yes])").click()
    page.locator("textarea[name=words]").fill(walk.words)
    page.locator("form.fb button.btn--primary").click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_be_visible()
    page.goto(f"{walk.prefix}/sessions")
    look(page, walk, "sessions")


def see_the_earnings(page: Page, walk: Walk) -> None:
    page.goto(f"{walk.prefix}/pro")
    look(page, walk, "day")
    page.goto(f"{walk.prefix}/pro/earnings")
    expect(page.locator("main")).to_contain_text(re.compile("¥[0-9]"))
    look(page, walk, "earnings")


def see_it_all(page: Page, walk: Walk, booking_id: str) -> None:
    page.goto(f"{walk.prefix}/ops")
    look(page, walk, "ops")
    page.goto(f"{walk.prefix}/ops/bookings/{booking_id}")
    expect(page.locator("main")).to_contain_text(re.compile("¥[0-9]"))
    look(page, walk, "ops-booking")


def look(page: Page, walk: Walk, name: str) -> None:
    """Nothing wider than the screen, nothing axe objects to, the right language; a picture for eyes."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    assert page.locator("html").get_attribute("lang") == ("en" if walk.prefix else "zh-Hans-CN"), name
    assert violations(page) == [], name
    kept_picture(page, f"{walk.name}-{name}")
