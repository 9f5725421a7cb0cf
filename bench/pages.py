"""How long the server takes for each page, with the whole sample history in the database.

Run: python -m bench.pages --address http://localhost:8000 [--rounds 20]
     python -m bench.pages            (starts a demo of its own and waits until its history is complete)

Each line: the median and the slowest tenth in milliseconds of server time (the page's own `Server-Timing`), the statements
sent to the database, and the ratio of the median to what we allow. Ends with 1 when any page is over it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from bench.memory import running_demo
from tests.every_page import everyone, examples

LIMIT_MS = 60
STATEMENTS_MAX = 12
SEARCHES = (
    "/consultants?free=today", "/consultants?q=劳动仲裁&sort=soonest", "/en/consultants?field=legal",
    "/match?q=公司通知裁员，只给N，要求周五前签字，我该不该签", "/en/match?q=My landlord will not return the deposit",
    "/legal/privacy", "/legal/refunds",
)  # fmt: skip
"""Beside one address of every page: what people ask for on those that search."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    with _site(given.address) as address:
        lines = list(_everyone(address, given.rounds))
    for path, timings, statements in sorted(lines, key=lambda line: -statistics.median(line[1])):
        median, slow = statistics.median(timings), statistics.quantiles(timings, n=10)[-1]
        print(
            f"{path:60} {median:7.1f} ms {slow:7.1f} ms  {statements:2d} statements  {median / LIMIT_MS:5.2f} of {LIMIT_MS} ms"
        )
    over = [path for path, timings, count in lines if statistics.median(timings) > LIMIT_MS or count > STATEMENTS_MAX]
    if over:
        print("Over the limit: " + ", ".join(over), file=sys.stderr)
    return 1 if over else 0


@contextmanager
def _site(address: str | None) -> Iterator[str]:
    if address:
        yield address.rstrip("/")
    else:
        with running_demo() as demo:
            demo.wait_until_filled()
            yield demo.address


def _everyone(address: str, rounds: int) -> Iterator[tuple[str, list[float], int]]:
    people = everyone(address)
    for path in SEARCHES:
        yield _measured(people["nobody"].http, path, rounds)
    for (_, who), path in examples(people).items():
        yield _measured(people[who].http, path, rounds)


def _measured(person: httpx2.Client, path: str, rounds: int) -> tuple[str, list[float], int]:
    timings, statements = [], 0
    for _ in range(rounds + 2):
        answer = person.get(path)
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
        timing = re.search(r"app;dur=([\d.]+), db;desc=\"(\d+)", answer.headers["Server-Timing"])
        assert timing, f"{path} does not say how long it took"
        timings.append(float(timing[1]))
        statements = max(statements, int(timing[2]))
    return path, timings[2:], statements


if __name__ == "__main__":
    raise SystemExit(main())
