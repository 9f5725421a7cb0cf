"""Writing, publishing and taking back articles; their history; and the index that follows."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import make
from tests.visitor import Visitor, words
from zhixun.events.assistant import ArticleChanged
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.assistant import actions, handlers, jobs, queries
from zhixun.features.assistant.actions import StaleArticle
from zhixun.features.assistant.ports import PassageIndex
from zhixun.features.assistant.queries import house_articles
from zhixun.features.assistant.rules import terms
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

TITLE, BODY = (
    "Can I bring my parrot to a session",
    "Parrots are welcome in video sessions as long as they stay off the keyboard.",
)
TEXT = {"language": "en", "kind": "faq", "field_id": "", "topic_ids": (), "title": TITLE, "body": BODY}


def desk(role: str = "content") -> Actor:
    with unit_of_work() as uow:
        return make.operator(uow, role=role)


def write(actor: Actor, article_id: str, seen: int = 0, **changes: object) -> list[type]:
    with unit_of_work(actor) as uow:
        actions.write_article(uow, article_id=article_id, seen_revision=seen, **(TEXT | changes))  # type: ignore[arg-type]
    return [type(fact) for fact in uow.facts]


def publish(actor: Actor, article_id: str) -> list[type]:
    with unit_of_work(actor) as uow:
        actions.publish_article(uow, article_id=article_id)
    return [type(fact) for fact in uow.facts]


def found(question: str) -> set[str]:
    return {hit.id.split("#")[0] for hit in service(PassageIndex).find(terms(question), language="en", limit=3)}


def test_a_draft_is_quoted_once_it_is_published_and_no_longer_when_taken_back(app: Flask) -> None:
    olga, article = desk(), new_id()
    assert write(olga, article) == [], "a draft concerns no reader"
    handlers.bring_up_to_date()
    assert article not in found("parrot keyboard")
    assert publish(olga, article) == [ArticleChanged]
    assert publish(olga, article) == [], "twice is once"
    handlers.bring_up_to_date()
    assert article in found("parrot keyboard")
    with unit_of_work(olga) as uow:
        actions.take_back_article(uow, article_id=article)
    handlers.bring_up_to_date()
    assert article not in found("parrot keyboard")
    with Session() as db, pytest.raises(NotFound):
        queries.published_article(db, article)


def test_every_change_stays_in_the_history(app: Flask) -> None:
    olga, article = desk(), new_id()
    write(olga, article)
    publish(olga, article)
    assert write(olga, article, seen=2, body=BODY + " Cats too.") == [ArticleChanged]
    with Session() as db:
        told = queries.revisions(db, article)
    assert [(line.number, line.deed) for line in told] == [(3, "written"), (2, "published"), (1, "written")]
    assert told[-1].body == BODY
    assert {line.by for line in told} == {olga.user_id}


def test_two_who_edit_at_once_do_not_overwrite_each_other(app: Flask) -> None:
    olga, article = desk(), new_id()
    write(olga, article)
    write(olga, article, seen=1, title="Parrots in sessions")
    with pytest.raises(StaleArticle):
        write(olga, article, seen=1, title="Birds in sessions")
    with pytest.raises(StaleArticle):
        write(olga, article, seen=0)
    with pytest.raises(NotFound):
        write(olga, new_id(), seen=4)


def test_only_those_who_edit_knowledge_may(app: Flask) -> None:
    article = new_id()
    for role in ("support", "finance"):
        with pytest.raises(RightNeeded):
            write(desk(role), article)
        with pytest.raises(RightNeeded):
            publish(desk(role), article)
    with pytest.raises(Invalid):
        write(desk(), article, title="x")


def test_the_articles_of_the_house_come_once_and_what_was_changed_here_stays(app: Flask) -> None:
    olga, one = desk(), house_articles()[0]
    with unit_of_work() as uow:
        assert actions.put_house_articles(uow, articles=house_articles()) == 0
    write(olga, one.id, seen=1, language=one.language, kind=one.kind, title="Our own words here", body=BODY)
    with unit_of_work() as uow:
        assert actions.put_house_articles(uow, articles=house_articles()) == 0
    with Session() as db:
        assert queries.article(db, one.id).title == "Our own words here"


def test_an_emptied_index_is_filled_by_the_clock(app: Flask) -> None:
    index = service(PassageIndex)
    before = index.digests()
    index.rebuild([])
    jobs.keep_passages_whole()
    assert index.digests() == before
    assert len(before) > 150


def test_the_editor_writes_previews_publishes_and_takes_back(app: Flask) -> None:
    olga, article = Visitor(app, desk(), english=True), new_id()
    form = {
        "language": "en",
        "kind": "faq",
        "field": "",
        "title": TITLE,
        "body": BODY,
        "seen_revision": "0",
    }
    seen = olga.post(f"/ops/knowledge/{article}", **form, deed="preview")
    assert "not kept yet" in words(seen)
    refused = olga.post(f"/ops/knowledge/{article}", **(form | {"title": "x"}), deed="save")
    assert refused.status_code == 400
    assert BODY in words(refused), "what was typed is kept"
    kept = olga.follow(olga.post(f"/ops/knowledge/{article}", **form, deed="publish"))
    assert "Published" in words(kept)
    assert BODY in words(Visitor(app, english=True).get(f"/knowledge/{article}"))
    stale = olga.post(f"/ops/knowledge/{article}", **form, deed="save")
    assert stale.status_code == 409
    gone = olga.follow(olga.post(f"/ops/knowledge/{article}/withdrawal"))
    assert "Taken back" in words(gone)
    assert Visitor(app).get(f"/knowledge/{article}").status_code == 404
    assert TITLE in words(olga.get("/ops/knowledge?state=withdrawn"))


def test_topics_are_chosen_by_their_words_from_the_field_of_the_article(app: Flask) -> None:
    olga, article = desk(), new_id()
    form = {"language": "en", "kind": "faq", "title": TITLE, "body": BODY, "seen_revision": "0", "deed": "save"}
    english, chinese = Visitor(app, olga, english=True), Visitor(app, olga)
    assert "Sleep" in words(english.get(f"/ops/knowledge/{article}"))
    assert "睡眠" in words(chinese.get(f"/ops/knowledge/{article}"))
    for field, topics, said in (
        ("health", ["sleep", "gaokao"], "Please choose topics of the field"),
        ("", ["sleep"], "Please choose topics of the field"),
        ("nonsense", [], "Please choose a field, or the house."),
        ("health", [f"t{number}" for number in range(9)], "8 topics at most"),
    ):
        refused = english.post(f"/ops/knowledge/{article}", **form, field=field, topics=topics)
        assert (refused.status_code, said in words(refused)) == (400, True), (field, topics)
    assert english.post(f"/ops/knowledge/{article}", **form, field="health", topics=["sleep"]).status_code == 303
    with Session() as db:
        assert queries.article(db, article).topic_ids == ("sleep",)
    kept = english.get(f"/ops/knowledge/{article}").text
    assert 'value="sleep" checked' in kept
    assert kept.count('" checked>') == 1


def test_the_desk_is_for_those_with_the_right(app: Flask) -> None:
    assert Visitor(app, desk("finance")).get("/ops/knowledge").status_code == 403
    assert Visitor(app, desk("finance")).get("/ops/handovers").status_code == 403
    assert Visitor(app, desk("finance")).post(f"/ops/knowledge/{new_id()}").status_code == 403
    with unit_of_work() as uow:
        ada = make.client(uow)
    assert Visitor(app, ada).get("/ops/knowledge").status_code == 403
    assert Visitor(app, desk()).get("/ops/knowledge/no-such").status_code == 404


def test_readers_find_every_article_of_their_language(app: Flask) -> None:
    page = words(Visitor(app, english=True).get("/knowledge"))
    assert all(one.title in page for one in house_articles() if one.language == "en")
    assert Visitor(app).get("/knowledge/house-refunds.zh").status_code == 200
    assert Visitor(app).get("/knowledge/unknown").status_code == 404
