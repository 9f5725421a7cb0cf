from __future__ import annotations

import argparse
import json

from zhixun.kernel.feature import Command
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries, rules


def _build(arguments: argparse.Namespace) -> int:
    with Session() as db:
        gathered = queries.gathered(db)
    learnt = rules.learn(gathered, utc_now())
    with unit_of_work() as uow:
        actions.keep_learnt(uow, learnt)
    segments = [(learnt.named[one.key], one.size) for one in learnt.found.segments]
    if arguments.json:
        told = [{"name": name.as_dict(), "people": size} for name, size in segments]
        quality = {"silhouette": learnt.found.silhouette, "stability": learnt.found.stability}
        print(json.dumps({"people": len(learnt.interests), "segments": told, **quality}, ensure_ascii=False))
        return 0
    print(f"{len(learnt.interests)} profiles built, {len(segments)} segments.")
    for name, size in segments:
        print(f"{size:>6}  {name.zh} / {name.en}")
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trainer", choices=("local",), default="local", help="where it is worked out (default local)")


COMMANDS = (Command("build", "work out everyone's profile and the segments anew", _build, _arguments),)
