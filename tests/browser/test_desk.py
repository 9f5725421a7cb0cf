"""The desk in real windows: a consultant is verified by two people and taken on, and a lost house is brought back."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.adapters.backups.age import counts
from zhixun.features.admin.commands import COMMANDS
from zhixun.features.admin.ports import Backups
from zhixun.features.catalog import actions as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

RUN = {command.verb: command.run for command in COMMANDS if command.noun == "backup"}
NEWEST = argparse.Namespace(json=True, name="", yes=True)
NUMBER = "RF-2024-8812"
BRIEF = "Two offers, one week to decide"


@pytest.fixture
def url(db_url: str, tmp_path: Path) -> Iterator[str]:
    with serving(db_url, tmp_path) as address:
        with unit_of_work() as uow:
            catalog.put_house_fields(uow)
        yield address


@pytest.fixture
def opened(chromium: Browser, url: str) -> Iterator[Opened]:
    with windows(chromium, url) as found:
        yield found


def people(*names: str, roles: tuple[str, ...]) -> list[Actor]:
    with unit_of_work() as uow:
        return [make.person(uow, name, roles=roles, language="en") for name in names]


def apply(page: Page) -> None:
    """Say what one solves, then hand in the two credentials that the field asks for."""
    page.goto("/en/become-a-consultant")
    look(page, "desk-become")
    page.get_by_role("radio", name="Career").check()
    page.get_by_role("checkbox", name="Interviews").check()
    for label, text in (
        ("Your title", "Coach"), ("What you solve, in one line", "I help with offers"),
        ("How you can help", "Ten years of hiring people, now on your side."), ("City", "Xi'an"),
        ("Years in the profession", "9"), ("Your price for one hour, in yuan", "300"),
    ):  # fmt: skip
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Apply to join").click()
    for kind in ("identity", "work"):
        page.get_by_label("What it is").select_option(kind)
        page.get_by_label("Number").fill(f"{NUMBER}-{kind}")
        page.get_by_label("Issued by").fill("A company")
        page.get_by_label("Issued on").fill("2024-01-02")
        page.get_by_role("button", name="Hand in").click()
    expect(page.locator(".creds__i")).to_have_count(2)
    look(page, "desk-handed-in")


def agree(page: Page) -> None:
    """One reviewer checks both; what they have checked waits for them no more, and they cannot be the second."""
    page.goto("/en/review/credentials")
    look(page, "desk-queue")
    for left in (1, 0):
        page.locator(".notes a", has_text="Ada").first.click()
        checked = page.url
        expect(page.locator("main")).to_contain_text(NUMBER)
        look(page, f"desk-check-{left}")
        page.get_by_role("button", name="I checked it with the issuer and agree").click()
        page.wait_for_url("**/review/credentials")
        expect(page.locator(".notes a", has_text="Ada")).to_have_count(left)
    page.goto(checked)
    expect(page.get_by_role("button", name="I checked it with the issuer and agree")).to_have_count(0)


def test_two_people_verify_a_consultant_and_the_desk_takes_them_on(opened: Opened) -> None:
    [ada] = people("Ada", roles=("client",))
    rosa, max_ = people("Rosa", "Max", roles=("reviewer",))
    [olga] = people("Olga", roles=("operator", "administrator"))
    applicant, desk = opened(ada, phone=True), opened(olga)
    apply(applicant)
    agree(opened(rosa))
    desk.goto("/en/ops/applications")
    expect(desk.locator("main")).to_contain_text("0 / 2")
    expect(desk.get_by_role("button", name="List, and open the calendar")).to_have_count(0)
    look(desk, "desk-applications-early")
    agree(opened(max_, phone=True))
    desk.reload()
    expect(desk.locator("main")).to_contain_text("2 / 2")
    look(desk, "desk-applications")
    desk.get_by_role("button", name="List, and open the calendar").click()
    expect(desk.locator("main")).to_contain_text("Nobody applies at the moment")
    applicant.goto("/en/pro/credentials")
    expect(applicant.get_by_text("Verified by two")).to_have_count(2)
    look(applicant, "desk-verified")


def zhixun(folder: Path, db_url: str, *arguments: str) -> None:
    """A command with no site running."""
    done = subprocess.run(
        [sys.executable, "-m", "zhixun.cli", *arguments, "--data-dir", str(folder), "--json"],
        capture_output=True, text=True, check=False, env={**os.environ, "ZHIXUN_DATABASE_URL": db_url},
    )  # fmt: skip
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"


def rows(db_url: str) -> dict[str, int]:
    with psycopg.connect(db_url) as db:
        return counts(db)


def books() -> ledger.Verification:
    with Session() as db:
        return ledger.verify(db)


def lose_everything(db_url: str) -> None:
    with psycopg.connect(db_url) as db:
        db.execute("DROP SCHEMA public CASCADE")
        db.execute("CREATE SCHEMA public")


def test_a_lost_house_is_brought_back_whole(chromium: Browser, db_url: str, tmp_path: Path) -> None:
    file = tmp_path / "blobs" / "one"
    with serving(db_url, tmp_path) as url, windows(chromium, url) as opened:
        with unit_of_work() as uow:
            ada, grace, olga = make.client(uow, language="en"), make.consultant(uow), make.operator(uow)
            booking = make.paid_booking(uow, client=ada, consultant=grace, brief=BRIEF)
        file.parent.mkdir(exist_ok=True)
        file.write_text("a file")
        desk = opened(olga)
        desk.goto("/en/ops/backups")
        expect(desk.locator("main")).to_contain_text("No backup yet")
        look(desk, "desk-no-backup")
        assert RUN["create"](NEWEST) == 0
        desk.reload()
        expect(desk.locator("tbody tr")).to_contain_text(["not yet"])
        assert RUN["verify"](NEWEST) == 0
        desk.reload()
        expect(desk.locator("tbody tr")).to_contain_text(["Holds"])
        look(desk, "desk-backup")
    before, made = books(), service(Backups).known()[0].counts
    lose_everything(db_url)
    file.unlink()
    zhixun(tmp_path, db_url, "migrate")
    zhixun(tmp_path, db_url, "backup", "restore", "--yes")
    assert rows(db_url) == made | {"audit_lines": made["audit_lines"] + 1}
    assert (books() == before, before.holds, file.read_text()) == (True, True, "a file")
    with ExitStack() as again:
        opened = again.enter_context(windows(chromium, again.enter_context(serving(db_url, tmp_path))))
        client = opened(ada, phone=True)
        client.goto(f"/en/sessions/{booking}")
        expect(client.locator("main")).to_contain_text(BRIEF)
