"""The hard cases of the slot engine, as data. The house's policy decides where a case leaves a choice."""

import json
from pathlib import Path
from typing import Any

import pytest

from zhixun.features.scheduling.commands import slots_of_case

FILE = Path(__file__).parent / "slots.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
HOUSE = ("fixed_lattice_no_reanchor", "align_tz_host")
"""The policies we have chosen: the grid stays where it is, and it is the consultant's clock that rounds it."""


def answer(case: dict[str, Any]) -> list[str]:
    others = case.get("expect_under_other_policy", {}) if case["depends_on"] else {}
    chosen = next((others[name] for name in HOUSE if name in others), case["expect"]["slots_utc"])
    return chosen["slots_utc"] if isinstance(chosen, dict) else chosen


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['title']}")
def test_every_case_gets_the_answer_of_the_house(case: dict[str, Any]) -> None:
    assert slots_of_case(case) == answer(case)


def test_the_command_reads_the_whole_file(capsys: pytest.CaptureFixture[str]) -> None:
    from argparse import Namespace

    from zhixun.features.scheduling.commands import COMMANDS

    command = next(one for one in COMMANDS if one.verb == "slots")
    assert command.run(Namespace(case=str(FILE))) == 0
    assert json.loads(capsys.readouterr().out) == {case["id"]: answer(case) for case in CASES}


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from argparse import Namespace

    from zhixun.features.scheduling.commands import COMMANDS

    command = next(one for one in COMMANDS if one.verb == "slots")
    (tmp_path / "broken.json").write_text("{")
    assert command.run(Namespace(case=str(tmp_path / "broken.json"))) == 2
    assert command.run(Namespace(case=str(tmp_path / "missing.json"))) == 2
    assert "cannot be read" in capsys.readouterr().err
