"""How well suggestions are learnt, beside popularity and the plain neighbours, in the same run.

Run: python -m bench.learning [--data FILE …]

Each file is an argument of `zhixun recommend evaluate` (its forms: questions with who answered, or people and items). Without
files two made-up worlds are measured, drawn from a fixed seed, in which there is something to learn.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path

from zhixun.features.recommend.commands import evaluating

SHOWN = {
    "experts": ("MRR", "P@1", "MAP", "NDCG@10", "coverage@10"),
    "interactions": ("recall@20", "NDCG@20", "NDCG@10", "coverage@10"),
}
SEED, PEOPLE, QUESTIONS = 7, 400, 1_200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in given.data or made_up(Path(folder)):
            print(f"-- {path.name}")
            report(path)
    return 0


def report(path: Path) -> None:
    figures, said = evaluating.figures_of(path, protocol="time-split", form=None)
    width = max(map(len, figures))
    for name in SHOWN[said["form"]]:
        ours = figures["ours"][name]
        told = "  ".join(
            f"{method:>{width}} {one[name]:.4f} (×{ours / one[name]:.2f})"
            for method, one in figures.items()
            if one[name]
        )
        print(f"{name:>12}  {told}")
    print(json.dumps(said))


def made_up(folder: Path) -> list[Path]:
    chance = random.Random(SEED)
    items, asked = folder / "made-up-items.jsonl", folder / "made-up-questions.jsonl"
    rows = []
    for person in range(PEOPLE):
        tastes = chance.sample(range(8), 2)
        chosen = {chance.choice(tastes) * 25 + min(24, int(chance.expovariate(0.15))) for _ in range(24)}
        rows += [{"user": person, "item": item, "at": chance.random()} for item in chosen]
    items.write_text("\n".join(map(json.dumps, rows)))
    questions = []
    for number in range(QUESTIONS):
        topic = chance.randrange(12)
        words = " ".join(f"w{topic}x{chance.randrange(40)}" for _ in range(12))
        knowing = [topic * 6 + min(5, int(chance.expovariate(0.6))) for _ in range(2)]
        answers = [{"user": user, "score": chance.randrange(5)} for user in set(knowing)]
        questions.append(
            {
                "qid": number,
                "title": words,
                "tags": [f"t{topic // 2}"],
                "asker": chance.randrange(90),
                "answers": answers,
            }
        )
    asked.write_text("\n".join(map(json.dumps, questions)))
    return [items, asked]


if __name__ == "__main__":
    raise SystemExit(main())
