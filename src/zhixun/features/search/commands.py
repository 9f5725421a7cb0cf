from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator

from zhixun.kernel.feature import Command
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session

from . import queries
from .ports import Document, SearchIndex


def _rebuild(arguments: argparse.Namespace) -> int:
    began = time.perf_counter()
    index = service(SearchIndex)
    index.rebuild(_documents())
    count, took_ms = index.count(), round((time.perf_counter() - began) * 1000)
    if arguments.json:
        print(json.dumps({"consultants": count, "took_ms": took_ms}))
    else:
        print(f"{count} consultants indexed in {took_ms} ms.")
    return 0


def _documents() -> Iterator[Document]:
    with Session() as db:
        yield from queries.documents(db)


COMMANDS = (Command("rebuild", "build the search index anew from the database", _rebuild),)
