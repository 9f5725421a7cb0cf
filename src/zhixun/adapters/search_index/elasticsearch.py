"""The index in Elasticsearch 8 or 9, over its HTTP interface alone: for a house with more pages than one machine should hold.

Words come already cut, so fields only split at spaces. Documents live in an index of their own behind an alias; a rebuild
fills a new index and moves the alias, so readers see the old one or the new one. Writers wait for each other at a document
that only one can create.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

import httpx2
import uuid6

from zhixun.features.search.ports import ANYONE, FORMAT_VERSION, Document, Filter, Hit, Hits
from zhixun.features.search.ports import Order as OrderName

MAIN_BOOST, SIDE_BOOST, TIE_BREAKER = 2.5, 1.0, 0.15
LABELS_MAX, AT_ONCE, READ_MAX = 1_000, 500, 10_000
TIMEOUT_SECONDS = 20.0
WRITER_WAIT_SECONDS, WRITER_PAUSE_SECONDS, WRITER_GONE_SECONDS = 60.0, 0.05, 120.0
LOOSE_FROM_LETTERS = 4
CHANNELS = ("video", "voice", "text")
NOT_FOUND, CONFLICT = 404, 409

Json = dict[str, Any]


class ElasticsearchUnavailable(Exception):
    """The server refused or did not answer; the sentence says what it said."""


class ElasticsearchIndex:
    """`address` is http(s)://[user:password@]host:port; `name` begins the names of what is kept there."""

    def __init__(self, address: str, name: str = "zhixun") -> None:
        self._http = httpx2.Client(base_url=address.rstrip("/"), timeout=TIMEOUT_SECONDS)
        self._name = f"{name}-v{FORMAT_VERSION}"
        self._lock = threading.Lock()

    def put(self, documents: Sequence[Document]) -> None:
        if documents:
            with self._writing():
                self._ensure()
                self._bulk(self._name, documents)

    def remove(self, ids: Sequence[str]) -> None:
        if ids:
            with self._writing():
                if self._behind_alias():
                    self._send_lines(self._name, [{"delete": {"_id": one}} for one in ids])

    def rebuild(self, documents: Iterable[Document]) -> None:
        with self._writing():
            fresh = self._create()
            try:
                self._bulk(fresh, documents)
            except BaseException:
                self._ask("DELETE", f"/{fresh}")
                raise
            former = self._behind_alias()
            moves = [{"remove_index": {"index": one}} for one in former]
            self._ask("POST", "/_aliases", {"actions": [*moves, {"add": {"index": fresh, "alias": self._name}}]})

    def find(
        self,
        words: Sequence[str],
        only: Filter = ANYONE,
        *,
        order: OrderName = "fit",
        offset: int = 0,
        limit: int = 20,
        loose: bool = False,
    ) -> Hits:
        if limit < 1:
            return Hits()
        scored = order == "fit" and bool(words)
        field, direction = (_price(only.channel), "asc") if order == "price" else ("rating", "desc")
        by: Json = {"_score": "desc"} if scored else {field: {"order": direction, "missing": "_last"}}
        size = max(0, min(limit, READ_MAX - offset))  # Elasticsearch counts beyond, but shows no further.
        found = self._search({
            "query": _query(words, only, loose), "from": offset if size else 0, "size": size, "sort": [by, {"key": "asc"}],
            "track_total_hits": True, "track_scores": scored, "_source": False,
        })  # fmt: skip
        hits = tuple(Hit(one["_id"], float(one["_score"]) if scored else 0.0) for one in found["hits"]["hits"])
        return Hits(hits, int(found["hits"]["total"]["value"]))

    def matched_words(self, words: Sequence[str], ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        if not words or not ids:
            return {}
        matched = {}
        for one in self._those(ids, ["main", "side"]):
            there = {*one["_source"]["main"].split(), *one["_source"]["side"].split()}
            matched[one["_id"]] = tuple(word for word in words if word in there)
        return matched

    def count_labels(self, words: Sequence[str], only: Filter = ANYONE) -> Mapping[str, int]:
        asked: Json = {
            "query": _query(words, only, False),
            "size": 0,
            "aggs": {"labels": {"terms": {"field": "labels", "size": LABELS_MAX}}},
        }
        counted = self._search(asked).get("aggregations", {"labels": {"buckets": []}})
        return {bucket["key"]: bucket["doc_count"] for bucket in counted["labels"]["buckets"]}

    def digests(self, ids: Sequence[str] | None = None) -> Mapping[str, str]:
        return {one["_id"]: one["_source"]["digest"] for one in self._those(ids, ["digest"])}

    def count(self) -> int:
        found = self._ask("GET", f"/{self._name}/_count", missing_is_fine=True)
        return int(found.get("count", 0))

    def _those(self, ids: Sequence[str] | None, source: list[str]) -> Iterator[Json]:
        """These documents, or all, a page after the other."""
        query: Json = {"match_all": {}} if ids is None else {"ids": {"values": list(ids)}}
        asked: Json = {"query": query, "size": AT_ONCE, "sort": [{"key": "asc"}], "_source": source}
        while hits := self._search(asked)["hits"]["hits"]:
            yield from hits
            asked["search_after"] = hits[-1]["sort"]

    def _search(self, asked: Json) -> Json:
        nothing: Json = {"hits": {"hits": [], "total": {"value": 0}}}
        return self._ask("POST", f"/{self._name}/_search", asked, missing_is_fine=True) or nothing

    def _bulk(self, index: str, documents: Iterable[Document]) -> None:
        left = iter(documents)
        while part := list(islice(left, AT_ONCE)):
            self._send_lines(index, [line for one in part for line in ({"index": {"_id": one.id}}, _stored(one))])

    def _send_lines(self, index: str, lines: Sequence[Json]) -> None:
        body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        said = self._send("POST", f"/{index}/_bulk?refresh=true", body.encode(), "application/x-ndjson")
        refused = [one for item in said["items"] for one in item.values() if "error" in one]
        if refused:
            raise ElasticsearchUnavailable(f"Some documents were refused: {json.dumps(refused)[:500]}")

    def _ensure(self) -> None:
        if not self._behind_alias():
            self._ask("POST", "/_aliases", {"actions": [{"add": {"index": self._create(), "alias": self._name}}]})

    def _create(self) -> str:
        fresh = f"{self._name}-{uuid6.uuid7().hex}"
        self._ask("PUT", f"/{fresh}", SHAPE)
        return fresh

    def _behind_alias(self) -> list[str]:
        return list(self._ask("GET", f"/_alias/{self._name}", missing_is_fine=True))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Only one writer, of all processes. One that was killed is waited for no longer than WRITER_GONE_SECONDS."""
        place, give_up_at = f"/{self._name}-writer/_create/1", time.monotonic() + WRITER_WAIT_SECONDS
        with self._lock:
            while (
                self._send("PUT", place, json.dumps({"at": time.time()}).encode(), fine=(CONFLICT,)).get("status")
                == CONFLICT
            ):
                self._forget_gone_writer()
                if time.monotonic() > give_up_at:
                    raise ElasticsearchUnavailable("Another writer does not end.")
                time.sleep(WRITER_PAUSE_SECONDS)
            try:
                yield
            finally:
                self._ask("DELETE", f"/{self._name}-writer/_doc/1", missing_is_fine=True)

    def _forget_gone_writer(self) -> None:
        found = self._ask("GET", f"/{self._name}-writer/_doc/1", missing_is_fine=True)
        began = found.get("_source", {}).get("at", time.time())
        if time.time() - began > WRITER_GONE_SECONDS:
            self._ask("DELETE", f"/{self._name}-writer/_doc/1", missing_is_fine=True)

    def _ask(self, method: str, path: str, asked: Json | None = None, *, missing_is_fine: bool = False) -> Json:
        body = json.dumps(asked, ensure_ascii=False).encode() if asked is not None else None
        said = self._send(method, path, body, fine=(NOT_FOUND,) if missing_is_fine else ())
        return {} if said.get("status") == NOT_FOUND or said.get("found") is False else said

    def _send(
        self, method: str, path: str, body: bytes | None, kind: str = "application/json", fine: Collection[int] = ()
    ) -> Json:
        try:
            answer = self._http.request(method, path, content=body, headers={"Content-Type": kind} if body else None)
        except httpx2.HTTPError as error:
            raise ElasticsearchUnavailable(f"Elasticsearch does not answer: {error}") from error
        said: Json = {}
        with suppress(ValueError):
            said = answer.json()
        if answer.is_error:
            if answer.status_code not in fine:
                raise ElasticsearchUnavailable(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
            return {"status": answer.status_code}
        return said


def _price(channel: str) -> str:
    return f"price_{channel}" if channel else "price"


_TEXT: Json = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
SHAPE: Json = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "key": {"type": "keyword"}, "main": _TEXT, "side": _TEXT, "labels": {"type": "keyword"},
            **{_price(channel): {"type": "long"} for channel in ("", *CHANNELS)},
            "rating": {"type": "double"}, "digest": {"type": "keyword", "index": False},
        },
    },
}  # fmt: skip


def _stored(one: Document) -> Json:
    prices = {_price(channel): minor for channel, minor in one.prices_minor.items()}
    return {
        "key": one.id, "main": " ".join(one.main), "side": " ".join(one.side), "labels": list(one.labels), **prices,
        "rating": one.rating, "digest": one.digest,
    }  # fmt: skip


def _query(words: Sequence[str], only: Filter, loose: bool) -> Json:
    narrowed: list[Json] = [{"term": {"labels": label}} for label in sorted(only.labels)]
    if only.price_max_minor is not None:
        narrowed.append({"range": {_price(only.channel): {"lte": only.price_max_minor}}})
    if only.within is not None:
        narrowed.append({"ids": {"values": list(only.within)}})
    asked: Json = {"filter": narrowed}
    if words:
        asked |= {"should": [_word(word, loose) for word in words], "minimum_should_match": 1}
    return {"bool": asked}


def _word(word: str, loose: bool) -> Json:
    if loose and len(word) >= LOOSE_FROM_LETTERS:
        each: list[Json] = [{"fuzzy": {name: {"value": word, "fuzziness": 1}}} for name in ("main", "side")]
    else:
        each = [
            {"term": {name: {"value": word, "boost": boost}}}
            for name, boost in (("main", MAIN_BOOST), ("side", SIDE_BOOST))
        ]
    return {"dis_max": {"queries": each, "tie_breaker": TIE_BREAKER}}
