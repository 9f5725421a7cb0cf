from __future__ import annotations

import argparse
import json

from zhixun.features.recommend import actions, queries
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

SENTENCES = {
    "replaced": "The new model is live.",
    "worse": "The new model is worse on later choices; the live one stays.",
    "too_little": "There is too little to learn from yet.",
}


def train(arguments: argparse.Namespace) -> int:
    with Session() as db:
        found = queries.verdict(db)
    model_id = ""
    if found.trained_until is not None:
        with unit_of_work() as uow:
            model_id = actions.replace_model(
                uow,
                trainer=found.trainer,
                weights=found.weights,
                trained_until=found.trained_until,
                figures=found.figures,
            )
    if arguments.json:
        print(json.dumps({"outcome": found.outcome, "model": model_id, "trainer": found.trainer, **found.figures}))
    else:
        print(SENTENCES[found.outcome], ", ".join(f"{name} {value}" for name, value in found.figures.items()))
    return 0
