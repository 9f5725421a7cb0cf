"""The written people, as values."""

from __future__ import annotations

from random import Random

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import CHANNELS, SENIORITIES, SLUG
from zhixun.kernel.values import Words
from zhixun.sample import words
from zhixun.sample.plan import answers


def test_sixty_four_consultants_are_written_sixteen_in_each_field() -> None:
    written = words.profiles()
    assert len(written) == len({one.slug for one in written}) == len({one.name.zh for one in written}) == 64
    assert all(sum(one.field_id == field_id for one in written) == 16 for field_id in words.FIELDS)


def test_everything_a_page_says_is_in_both_languages_and_each_in_its_own() -> None:
    for one in words.profiles():
        texts = [one.name, one.title, one.line, one.about, one.city, *one.good_for, *one.not_for]
        texts += [text for credential in one.credentials for text in (credential.name, credential.how)]
        texts += [text for service in one.services for text in (service.title, service.note, *service.included)]
        assert all(_in_both(text) for text in texts), [text for text in texts if not _in_both(text)]


def _in_both(text: Words) -> bool:
    chinese, english = (any("一" <= letter <= "鿿" for letter in said) for said in (text.zh, text.en))
    return bool(text.en) and chinese and not english


def test_no_two_consultants_introduce_themselves_alike() -> None:
    assert len({one.about for one in words.profiles()}) == 64
    assert len({one.line for one in words.profiles()}) == 64


def test_topics_channels_and_addresses_are_those_of_the_catalogue() -> None:
    topics = {topic.id: field.id for field in catalog.house_fields() for topic in field.topics}
    for one in words.profiles():
        assert {topics[topic_id] for topic_id in one.topic_ids} == {one.field_id}, one.slug
        assert SLUG.fullmatch(one.slug)
        assert one.seniority in SENIORITIES
        assert {service.channel for service in one.services} <= set(CHANNELS)
    assert {topic_id for one in words.profiles() for topic_id in one.topic_ids} == set(topics)


def test_more_consultants_than_are_written_get_names_of_their_own() -> None:
    many = [words.profile_at(place) for place in range(300)]
    assert len({one.slug for one in many}) == 300
    assert all(SLUG.fullmatch(one.slug) for one in many)
    assert words.profile_at(200) == words.profile_at(200)


def test_there_is_something_to_say_about_every_topic_in_both_languages() -> None:
    for field in catalog.house_fields():
        for topic in field.topics:
            assert words.brief_of(topic.id, "zh") != words.brief_of(topic.id, "en")


def test_there_are_sixty_reviews_in_each_language() -> None:
    fields = [moods for name, moods in words.talk_of("feedback").items() if name != "closing"]
    for language in ("zh", "en"):
        said = [one[language] for moods in fields for texts in moods.values() for one in texts]
        assert len(set(said)) == len(said) >= 60


def test_ten_reviews_on_one_page_hardly_repeat() -> None:
    for profile in words.profiles():
        topics, field_id = profile.topic_ids, profile.field_id
        said = [
            words.review(
                profile.slug, number, field_id=field_id, topic_id=topics[number % len(topics)], mood="good",
                language="zh",
            )
            for number in range(10)
        ]  # fmt: skip
        assert len(set(said)) >= 7, (profile.slug, said)


def test_feedback_tends_to_the_level_of_the_consultant() -> None:
    random = Random(3)
    for level in (3.6, 4.3, 4.8):
        given = [answers(random, level) for _ in range(400)]
        mean = sum(sum(one.scores.values()) / 5 for one in given) / len(given)
        assert abs(mean - level) < 0.2
