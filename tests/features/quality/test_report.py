"""A consultant's report, appeals against reviews, and what the regression adds."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import time_machine
from flask import Flask

from tests import make, papers
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.catalog import actions as catalog
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality import actions, commands, queries, rules
from zhixun.features.quality.actions import AlreadyDecided, TooLateToAppeal
from zhixun.features.quality.rules import Example
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

NOW = make.NOW
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REASON = "The client speaks of another session than this one."


def test_the_regression_finds_what_is_there_and_beats_the_mean() -> None:
    random = Random(5)
    examples = []
    for n in range(160):
        stars, late = random.uniform(2.5, 5), random.choice([0, 0, 0, 6])
        known = {name: stars + random.gauss(0, 0.2) for name in rules.DIMENSIONS} | {"late_minutes": late}
        score = min(5.0, max(1.0, 0.8 * stars - 0.1 * late + random.gauss(0, 0.15)))
        examples.append(Example(f"s{n}", known, random.choice(["", "很有帮助", "clear"]), score if n < 120 else None))
    fitted = rules.learn(examples)
    assert fitted
    assert fitted.is_better
    assert fitted.errors.mae < 0.6 * fitted.baseline.mae
    assert fitted.errors.r2 > 0.7
    assert fitted.baseline.r2 < 0.05
    assert fitted.weights["late_minutes"] < 0
    assert len(fitted.predictions) == 40
    assert all(1 <= score <= 5 for score in fitted.predictions.values())


def test_noise_teaches_nothing_and_is_not_used() -> None:
    random = Random(6)
    examples = [Example(f"s{n}", {"nps": random.uniform(0, 10)}, "", random.uniform(1, 5)) for n in range(60)]
    fitted = rules.learn(examples)
    assert fitted
    assert not fitted.is_better
    assert rules.learn(examples[:20]) is None, "too few"


def test_errors_are_those_of_the_textbook() -> None:
    found = rules.errors_of([1, 2, 3, 4], [1, 2, 3, 2])
    assert (found.mae, found.rmse, found.r2) == (0.5, 1.0, pytest.approx(0.2))
    assert rules.errors_of([3, 3], [3, 3]).r2 == 0


@pytest.mark.parametrize("name", ["reviews.jsonl", "reviews.jsonl.gz", "reviews.csv"])
def test_a_file_of_reviews_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    lines = [{"text": "服务很好，非常满意" if n % 2 else "太差了，浪费时间", "label": n % 2} for n in range(80)]
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text("label,text\n" + "".join(f"{one['label']},{one['text']}\n" for one in lines), "utf-8")
    else:
        packed = "\n".join(json.dumps(one, ensure_ascii=False) for one in lines).encode()
        path.write_bytes(gzip.compress(packed) if name.endswith(".gz") else packed)
    assert commands._evaluate(Namespace(data=str(path), limit=1_000, json=True)) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["lines"], said["accuracy"]) == (80, 1.0)
    assert said["errors"]["mae"] < said["mean_baseline"]["mae"]


@pytest.mark.parametrize("content", ["", "not json\n", '{"text": "x"}\n', '{"text": "x", "label": "?"}\n'])
def test_a_file_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(content)
    assert commands._evaluate(Namespace(data=str(path), limit=10, json=True)) == 2
    assert commands._evaluate(Namespace(data=str(tmp_path / "none"), limit=10, json=True)) == 2
    assert capsys.readouterr().out


@pytest.fixture
def told(db_url: str) -> tuple[make.ConsultantMade, Actor, str, datetime]:
    """Grace with Ada's feedback and two experts' reviews of one session; when all of it was there."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        catalog.put_house_fields(uow)
        privacy.give_consent(uow, user_id=ada.user_id, purpose="expert_review")
        experts = [make.person(uow, name, roles=("reviewer",)) for name in ("Rita", "Rosa")]
        start = make.slot(uow, grace)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=start)
    with unit_of_work(now=start + 2 * HOUR) as uow:
        feedback_id = make.feedback(uow, booking_id, client=ada, words="Wrong from end to end.", clarity=1)
        actions.open_case(uow, booking_id=booking_id)
    for at, (expert, mark) in enumerate(zip(experts, (3, 4), strict=True)):
        with unit_of_work(expert, now=start + 3 * HOUR) as uow:
            actions.take_seat(uow, review_id=new_id(), case_id=booking_id)
            marks = {"understanding": mark, "market": mark, "practice": mark, "independence": mark}
            actions.hand_in(uow, case_id=booking_id, marks=marks, good="", learn=f"Lesson {at}.")
    return grace, ada, feedback_id, start + 4 * HOUR


def report(grace: make.ConsultantMade, at: datetime) -> queries.Report:
    with Session() as db:
        return queries.report_of(db, grace.id, period=rules.PERIODS["90"], now=at)


def test_the_report_holds_what_clients_and_experts_said(told: tuple[make.ConsultantMade, Actor, str, datetime]) -> None:
    grace, _, _, at = told
    found = report(grace, at)
    assert found.satisfaction
    assert found.expert
    assert (found.satisfaction.mean, found.satisfaction.count) == (4.0, 1)
    assert (found.expert.mean, found.expert.count) == (3.5, 2)
    assert found.lessons == ("Lesson 0.", "Lesson 1."), "the lower mark first"
    assert found.conduct.sessions == 1
    assert found.points[-1].mean == 4.0
    assert found.lines == dict.fromkeys(("understanding", "market", "practice", "independence"), 3.5)
    assert "dimension:clarity" in found.suggestions
    assert found.satisfaction_median is None, "Grace has no peers"


def test_movers_and_suggestions_follow_the_numbers() -> None:
    moved = rules.movers({"clarity": 4.0, "accuracy": 4.5, "punctual": 5.0}, {"clarity": 4.6, "accuracy": 4.45})
    assert [(one.name, round(one.change, 2)) for one in moved] == [("clarity", -0.6)]
    slow = rules.ConductFigures(10, 0.2, 30.0, 10, 0.5)
    assert rules.suggestions(slow, {}, {}) == ["summary", "late", "answer"]
    fine = rules.ConductFigures(10, 0.0, 2.0, 10, 1.0)
    assert rules.suggestions(fine, {"clarity": 4.0, "accuracy": 4.2}, {"law": 3.0}) == ["line:law", "dimension:clarity"]
    assert rules.suggestions(rules.ConductFigures(0, 0.0, None, 0, 0.0), {}, {}) == []


def appeal(who: Actor, kind: str, subject_id: str, at: datetime, reason: str = REASON) -> str:
    with unit_of_work(who, now=at) as uow:
        return actions.appeal(uow, appeal_id=new_id(), kind=kind, subject_id=subject_id, reason=reason)


def decide(who: Actor, appeal_id: str, at: datetime, *, upheld: bool, answer: str = "You are right.") -> None:
    with unit_of_work(who, now=at) as uow:
        actions.decide_appeal(uow, appeal_id=appeal_id, upheld=upheld, answer=answer)


def test_an_upheld_appeal_takes_the_review_out_of_every_figure(
    told: tuple[make.ConsultantMade, Actor, str, datetime],
) -> None:
    grace, _, feedback_id, at = told
    first = appeal(grace.actor, "feedback", feedback_id, at)
    assert appeal(grace.actor, "feedback", feedback_id, at) == first, "asked twice is asked once"
    expert = report(grace, at).expert_reviews[0]
    second = appeal(grace.actor, "expert", expert.id, at)
    with unit_of_work(now=NOW) as uow:
        olga = make.operator(uow, role="support")
    with Session() as db:
        assert {one.id for one in queries.appeals(db, decided=False)} == {first, second}
    decide(olga, first, at, upheld=True)
    decide(olga, second, at, upheld=True)
    found = report(grace, at)
    assert found.satisfaction is None
    assert found.expert
    assert found.expert.count == 1
    with Session() as db:
        assert queries.quality_of(db, grace.id).satisfaction.count == 0
        assert queries.reviews_of(db, grace.id) == []
        assert queries.appeals(db, decided=False) == []


def test_a_refused_appeal_changes_nothing_but_gives_a_reason(
    told: tuple[make.ConsultantMade, Actor, str, datetime],
) -> None:
    grace, _, feedback_id, at = told
    appeal_id = appeal(grace.actor, "feedback", feedback_id, at)
    with unit_of_work(now=NOW) as uow:
        olga, connie = make.operator(uow, role="finance"), make.operator(uow, "Connie", role="content")
    with pytest.raises(RightNeeded):
        decide(connie, appeal_id, at, upheld=True)
    with pytest.raises(Invalid):
        decide(olga, appeal_id, at, upheld=False, answer=" ")
    decide(olga, appeal_id, at, upheld=False, answer="It is about this session.")
    with pytest.raises(AlreadyDecided):
        decide(olga, appeal_id, at, upheld=True)
    line = report(grace, at).client_reviews[0]
    assert line.counts
    assert line.appeal
    assert line.appeal.answer == "It is about this session."


def test_only_ones_own_reviews_in_time_and_with_a_reason(
    told: tuple[make.ConsultantMade, Actor, str, datetime],
) -> None:
    grace, ada, feedback_id, at = told
    with pytest.raises(NotFound):
        appeal(ada, "feedback", feedback_id, at)
    with pytest.raises(NotFound):
        appeal(grace.actor, "expert", feedback_id, at)
    with pytest.raises(Invalid):
        appeal(grace.actor, "feedback", feedback_id, at, reason="no")
    with pytest.raises(TooLateToAppeal):
        appeal(grace.actor, "feedback", feedback_id, at + 31 * DAY)


def test_the_report_is_a_page_with_its_appeals(
    told: tuple[make.ConsultantMade, Actor, str, datetime], db_url: str, tmp_path: Path
) -> None:
    grace, ada, feedback_id, at = told
    app: Flask = house(db_url, tmp_path)
    with time_machine.travel(at, tick=False):
        with unit_of_work() as uow:
            olga, connie = make.operator(uow), make.operator(uow, "Connie", role="content")
        browser = Visitor(app, grace.actor, english=True)
        page = browser.get("/pro/report")
        assert statements(page) <= STATEMENTS_MAX
        for shown in ("Lesson 0.", "Wrong from end to end.", "4.00", "3.50", "A written summary"):
            assert shown in words(page)
        assert "Rita" not in page.text
        refused = browser.post("/pro/report/appeals", kind="feedback", subject_id=feedback_id, reason="no")
        assert (refused.status_code, "what is wrong about it" in words(refused)) == (400, True)
        assert browser.post("/pro/report/appeals", kind="x", subject_id=feedback_id, reason=REASON).status_code == 404
        sent = browser.post("/pro/report/appeals", kind="feedback", subject_id=feedback_id, reason=REASON)
        assert sent.status_code == 303
        assert "appealed" in words(browser.get("/pro/report"))
        desk = Visitor(app, olga, english=True)
        assert REASON in words(desk.get("/ops/quality"))
        seen = desk.get(f"/ops/consultants/{grace.id}/report")
        assert (seen.status_code, "Grace" in words(seen)) == (200, True)
        assert statements(seen) <= STATEMENTS_MAX
        with Session() as db:
            appeal_id = queries.appeals(db, decided=False)[0].id
        assert desk.post(f"/ops/quality/appeals/{appeal_id}", upheld="0", answer="").status_code == 400
        assert desk.post(f"/ops/quality/appeals/{appeal_id}", upheld="0", answer="It stays.").status_code == 303
        assert "It stays." in words(browser.get("/pro/report"))
        assert Visitor(app, connie).get(f"/ops/consultants/{grace.id}/report").status_code == 403
        assert desk.get(f"/ops/consultants/{ada.user_id}/report").status_code == 404
        assert Visitor(app, ada).get("/pro/report").status_code == 403


def test_a_consultant_without_sessions_reads_a_kind_empty_page(db_url: str, tmp_path: Path) -> None:
    _, grace = make.pair()
    app = house(db_url, tmp_path)
    assert "Nothing to report yet" in words(Visitor(app, grace.actor, english=True).get("/pro/report?period=nonsense"))


def test_the_report_as_pdf_says_what_the_page_says(db_url: str, tmp_path: Path, told) -> None:
    grace, _, _, now = told
    with time_machine.travel(now, tick=False):
        app = house(db_url, tmp_path)
        browser = Visitor(app, grace.actor)
        page, paper = words(browser.get("/pro/report?period=30")), browser.get("/pro/report.pdf?period=30")
        assert "report.pdf?period=30" in browser.get("/pro/report?period=30").text
        text = papers.said(paper.data)
        with Session() as db:
            found = queries.report_of(db, grace.id, period=rules.PERIODS["30"], now=now)
        assert found.satisfaction
        assert found.expert
        for figure in (f"{found.satisfaction.mean:.2f}", f"{found.expert.mean:.2f}", f"{found.expert.low:.2f}"):
            assert figure in page
            assert figure in text
        for sentence in ("质量报告", "满意度", "咨询质量", "Lesson0.", "Lesson1.", "Grace"):
            assert sentence in text, (sentence, text)
        assert "Wrongfromendtoend." not in text, "a client's words stay on the page"
        assert (
            "zhixun-report-"
            in Visitor(app, grace.actor, english=True).get("/pro/report.pdf").headers["Content-Disposition"]
        )


def test_the_report_as_pdf_is_for_its_consultant_and_the_desk(db_url: str, tmp_path: Path, told) -> None:
    grace, ada, _, now = told
    with time_machine.travel(now, tick=False):
        app = house(db_url, tmp_path)
        with unit_of_work(now=now) as uow:
            olga, cora = make.operator(uow), make.operator(uow, "Cora", role="content")
        where = f"/ops/consultants/{grace.id}/report.pdf"
        assert "Lesson0." in papers.said(Visitor(app, olga).get(where).data)
        assert Visitor(app, cora).get(where).status_code == 403
        assert Visitor(app, grace.actor).get(where).status_code in (403, 404)
        assert Visitor(app, ada).get("/pro/report.pdf").status_code in (403, 404)
        assert Visitor(app, olga).get(f"/ops/consultants/{ada.user_id}/report.pdf").status_code == 404
        assert Visitor(app, olga).get(f"/ops/consultants/{new_id()}/report.pdf").status_code == 404
        assert Visitor(app, olga).get("/ops/consultants/x/report.pdf").status_code == 404
