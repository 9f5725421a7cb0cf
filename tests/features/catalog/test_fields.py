"""Fields as data: edited at the desk, a fifth without code, and never overwritten by the house's own texts again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import Visitor, house, words
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.catalog import actions, forms, queries, rules
from zhixun.features.catalog.actions import FieldExists
from zhixun.features.catalog.rules import IntakeQuestion
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Words

LEGAL = next(field for field in queries.house_fields() if field.id == "legal")
FIFTH = replace(
    LEGAL, id="finance", name=Words("理财", "Money"), topics=(), glyph="财",
    intake=(IntakeQuestion("goal", "text", Words("目标", "Your goal"), True),),
)  # fmt: skip


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        actions.put_house_fields(uow)
    return made


def desk(role: str = "content") -> Actor:
    with unit_of_work() as uow:
        return make.operator(uow, role=role)


def kept(field_id: str) -> rules.FieldView:
    with Session() as db:
        return next(field for field in queries.fields(db) if field.id == field_id)


@pytest.mark.parametrize("field", queries.house_fields(), ids=lambda field: field.id)
def test_what_the_form_shows_reads_back_as_the_same_field(field: rules.FieldView) -> None:
    assert forms.field_of(forms.typed_of(field)) == field


def test_what_was_changed_here_stays_when_the_house_starts_again(app: Flask) -> None:
    with unit_of_work(desk()) as uow:
        actions.edit_field(uow, field=replace(LEGAL, disclaimer=Words("自己的", "Our own"), topics=LEGAL.topics[:3]))
    with unit_of_work() as uow:
        actions.put_house_fields(uow)
    assert kept("legal").disclaimer.en == "Our own"
    assert len(kept("legal").topics) == 3


def test_a_fifth_field_needs_no_code(app: Flask) -> None:
    with unit_of_work(desk()) as uow:
        actions.add_field(uow, field=FIFTH)
    assert kept("finance") == FIFTH
    assert "Money" in words(Visitor(app, english=True).get("/consultants"))
    with pytest.raises(FieldExists), unit_of_work(desk()) as uow:
        actions.add_field(uow, field=FIFTH)


def test_only_those_who_edit_fields_may(app: Flask) -> None:
    for who in (desk("support"), desk("finance")):
        with pytest.raises(RightNeeded), unit_of_work(who) as uow:
            actions.edit_field(uow, field=LEGAL)
        assert Visitor(app, who).get("/ops/fields").status_code == 403
    with pytest.raises(NotFound), unit_of_work(desk()) as uow:
        actions.edit_field(uow, field=FIFTH)
    with pytest.raises(Invalid), unit_of_work(desk()) as uow:
        actions.add_field(uow, field=replace(FIFTH, topics=LEGAL.topics))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("id", "No Good"), ("name_en", ""), ("glyph", ""), ("topics", "only-one-part"), ("intake", "a | essay | 甲 | A | yes | no"),
        ("intake", "a | choice | 甲 | A | yes | no"), ("intake", "a | text | 甲 | A | maybe | no"), ("rubric", "a | 50 | 甲 | A | 1=低=low"),
        ("rubric", "a | much | 甲 | A | "), ("credentials", "甲 | A"), ("topics", "a | 甲 | A | x\na | 乙 | B | y"),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_refused_by_its_part(name: str, text: str) -> None:
    values = dict(forms.typed_of(LEGAL).values) | {name: text}
    with pytest.raises(Invalid) as refused:
        forms.field_of(forms.Typed(values))
    assert {"name_en": "name_zh"}.get(name, name) in refused.value.fields


def test_the_editor_keeps_what_was_typed(app: Flask) -> None:
    page = Visitor(app, desk(), english=True)
    form = dict(forms.typed_of(FIFTH).values)
    wrong = page.post("/ops/fields/new", **(form | {"rubric": "nonsense"}))
    assert wrong.status_code == 400
    assert "nonsense" in wrong.text
    made = page.follow(page.post("/ops/fields/new", **form))
    assert "Kept." in words(made)
    changed = page.follow(page.post("/ops/fields/finance", **(form | {"name_en": "Money matters"})))
    assert "Money matters" in words(changed)
    assert "Money matters" in words(page.get("/ops/fields"))
    assert page.get("/ops/fields/none").status_code == 404


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, {"q-place", "q-stage"}), ({"place": "Shanghai", "stage": "unknown"}, {"q-stage"}),
        ({"place": "S" * 201, "stage": "filed"}, {"q-place"}), ({"place": "S", "stage": "filed", "when": "someday"}, {"q-when"}),
    ],
)  # fmt: skip
def test_an_answer_has_to_fit_its_question(answers: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked_answers(LEGAL.intake, answers)
    assert set(refused.value.fields) == wrong


def test_what_fits_is_kept_and_nothing_else() -> None:
    given = {"place": " Shanghai ", "stage": "filed", "when": "2026-01-05", "papers": "", "other": "x"}
    assert rules.checked_answers(LEGAL.intake, given) == {"place": "Shanghai", "stage": "filed", "when": "2026-01-05"}
