"""What machines ask about us: /healthz (does the process live?), /readyz (may it be sent people?), /metrics (how is it?).

Numbers are those of the answering process; each line carries its id, so that several processes do not mix.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from flask import Flask, Response, g, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session as SqlSession

from zhixun.kernel import outbox
from zhixun.kernel.tables import Session

from . import live

LAG_SECONDS_MAX = 300
"""Facts older than this are not being delivered: whoever comes now would get no confirmation."""
ANSWER_MS_MAX = 2_000
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

ShapeCheck = Callable[[SqlSession], bool]


@dataclass(frozen=True)
class Gauge:
    """A number of a feature's; `label` is written as Prometheus does, name="value"."""

    name: str
    help: str
    label: str
    value: float


Figures = Callable[[SqlSession], Sequence[Gauge]]


@dataclass
class Tally:
    """Requests so far. Filled by the threads that answer them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    by_status: Counter[int] = field(default_factory=Counter)
    by_bucket: Counter[float] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        with self.lock:
            self.by_status[status] += 1
            self.seconds += seconds
            for bound in BUCKETS_SECONDS:
                if seconds <= bound:
                    self.by_bucket[bound] += 1


def install(app: Flask, *, in_shape: ShapeCheck, figures: Figures) -> None:
    """Add the three addresses. `in_shape(db)` says whether the database has the shape this program needs, `figures(db)`
    what features have to say among the metrics."""
    tally = Tally()

    def count(response: Response) -> Response:
        tally.add(response.status_code, time.perf_counter() - g.get("began", time.perf_counter()))
        return response

    app.after_request(count)
    app.add_url_rule("/healthz", "health", _health)
    app.add_url_rule("/readyz", "ready", lambda: _ready(in_shape))
    app.add_url_rule("/metrics", "metrics", lambda: _metrics(tally, figures))


def _health() -> Response:
    return _fresh(jsonify({"alive": True, "version": version("zhixun")}))


def _ready(in_shape: ShapeCheck) -> Response:
    troubles: dict[str, str] = {}
    try:
        with Session() as db:
            db.execute(text(f"SET LOCAL statement_timeout = {ANSWER_MS_MAX}"))
            if not in_shape(db):
                troubles["migrations"] = "The database has another shape than this program needs. Run: zhixun migrate"
            elif (lag := outbox.queue_state(db).lag_seconds) > LAG_SECONDS_MAX:
                troubles["queue"] = f"Facts wait for {lag:.0f} s. Is a worker running? (zhixun worker)"
    except SQLAlchemyError:
        troubles["database"] = "The database does not answer."
    response = jsonify({"ready": not troubles, "troubles": troubles})
    response.status_code = 503 if troubles else 200
    return _fresh(response)


def _metrics(tally: Tally, figures: Figures) -> Response:
    gauges: Sequence[Gauge] = ()
    try:
        with Session() as db:
            queue, gauges = outbox.queue_state(db), figures(db)
    except SQLAlchemyError:
        queue = None
    lines = "\n".join((*_lines(tally, queue), *_of_features(gauges))) + "\n"
    return _fresh(Response(lines, content_type="text/plain; version=0.0.4; charset=utf-8"))


def _lines(tally: Tally, queue: outbox.QueueState | None) -> Iterator[str]:
    us = f'process="{os.getpid()}"'
    with tally.lock:
        by_status, by_bucket = tally.by_status.copy(), tally.by_bucket.copy()
        seconds, total = tally.seconds, tally.by_status.total()
    yield "# TYPE zhixun_info gauge"
    yield f'zhixun_info{{version="{version("zhixun")}"}} 1'
    yield "# HELP zhixun_requests_total Answered requests by status."
    yield "# TYPE zhixun_requests_total counter"
    for status, count in sorted(by_status.items()):
        yield f'zhixun_requests_total{{{us},status="{status}"}} {count}'
    yield "# HELP zhixun_request_seconds Time to answer."
    yield "# TYPE zhixun_request_seconds histogram"
    for bound in BUCKETS_SECONDS:
        yield f'zhixun_request_seconds_bucket{{{us},le="{bound}"}} {by_bucket[bound]}'
    yield f'zhixun_request_seconds_bucket{{{us},le="+Inf"}} {total}'
    yield f"zhixun_request_seconds_sum{{{us}}} {seconds:.6f}"
    yield f"zhixun_request_seconds_count{{{us}}} {total}"
    yield "# HELP zhixun_live_connections Open WebSockets."
    yield "# TYPE zhixun_live_connections gauge"
    yield f"zhixun_live_connections{{{us}}} {live.open_connections()}"
    yield "# HELP zhixun_database_up Whether the database answers."
    yield "# TYPE zhixun_database_up gauge"
    yield f"zhixun_database_up {0 if queue is None else 1}"
    if queue is None:
        return
    yield "# HELP zhixun_queue_waiting Facts and jobs that are due and not begun."
    yield "# TYPE zhixun_queue_waiting gauge"
    yield f"zhixun_queue_waiting {queue.waiting}"
    yield "# HELP zhixun_queue_lag_seconds How long the oldest of them has been due."
    yield "# TYPE zhixun_queue_lag_seconds gauge"
    yield f"zhixun_queue_lag_seconds {queue.lag_seconds:.3f}"
    yield "# HELP zhixun_queue_failed Jobs given up, for a person to look at."
    yield "# TYPE zhixun_queue_failed gauge"
    yield f"zhixun_queue_failed {queue.failed}"


def _of_features(gauges: Sequence[Gauge]) -> Iterator[str]:
    for at, gauge in enumerate(gauges):
        if not at or gauges[at - 1].name != gauge.name:
            yield f"# HELP {gauge.name} {gauge.help}"
            yield f"# TYPE {gauge.name} gauge"
        yield f"{gauge.name}{{{gauge.label}}} {gauge.value:g}"


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
