"""How long the server takes for each page of the journey, with the whole sample history in the database.

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

LIMIT_MS = 60
STATEMENTS_MAX = 12
PASSWORD = "zhixun-demo"
PUBLIC = (
    "/", "/en/", "/consultants", "/consultants?free=today", "/consultants?q=劳动仲裁&sort=soonest", "/en/consultants?field=legal",
    "/match?q=公司通知裁员，只给N，要求周五前签字，我该不该签", "/en/match?q=My landlord will not return the deposit", "/c/chen-shuning",
    "/en/c/chen-shuning", "/sign-in", "/sign-up", "/legal/privacy", "/legal/refunds",
)  # fmt: skip
SIGNED_IN = {
    "client01@example.com": ("/me", "/sessions", "/messages", "/notices", "{session}", "{room}", "{feedback}"),
    "consultant@example.com": ("/pro", "/pro/earnings", "/sessions", "/messages", "{session}", "{room}"),
    "operator@example.com": ("/ops", "{ops_booking}"),
}


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
    with httpx2.Client(base_url=address, trust_env=False, timeout=60) as nobody:
        for path in PUBLIC:
            yield _measured(nobody, path, rounds)
    for email, paths in SIGNED_IN.items():
        with httpx2.Client(base_url=address, trust_env=False, timeout=60, follow_redirects=True) as person:
            _sign_in(person, email)
            known = _links(person)
            for path in paths:
                if (found := path.format(**known)) and found.startswith("/"):
                    yield _measured(person, found, rounds)


def _sign_in(person: httpx2.Client, email: str) -> None:
    form = person.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token, "the sign-in page has no form"
    answer = person.post("/sign-in", data={"email": email, "password": PASSWORD, "csrf_token": token[1]})
    assert answer.status_code == 200, answer.status_code
    assert "/sign-in" not in str(answer.url), f"{email} could not sign in"


def _links(person: httpx2.Client) -> dict[str, str]:
    """The addresses of this person's own session, room, feedback and, for the operator, booking."""
    sessions = re.findall(r'href="(/sessions/[0-9a-f-]{36})[/"#?]', person.get("/sessions").text)
    bookings = re.findall(r'href="(/ops/bookings/[0-9a-f-]{36})"', person.get("/ops").text)
    session = sessions[0] if sessions else ""
    return {
        "session": session,
        "room": session and f"{session}/room",
        "feedback": session and f"{session}/feedback",
        "ops_booking": bookings[0] if bookings else "",
    }


def _measured(person: httpx2.Client, path: str, rounds: int) -> tuple[str, list[float], int]:
    timings, statements = [], 0
    for _ in range(rounds + 2):
        answer = person.get(path)
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
        timing = re.search(r"app;dur=([\d.]+), db;desc=\"(\d+)", answer.headers["Server-Timing"])
        assert timing, path
        timings.append(float(timing[1]))
        statements = max(statements, int(timing[2]))
    return path, timings[2:], statements


if __name__ == "__main__":
    raise SystemExit(main())
