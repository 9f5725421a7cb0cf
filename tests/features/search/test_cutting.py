"""The cutter of Chinese words is one for all threads: words are learned while others are cut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from zhixun.features.search import rules

TEXT = "公司通知裁员，只给补偿，要求周五前签字，竞业限制协议我该不该签" * 40


def test_words_are_cut_while_others_are_learned() -> None:
    expected = rules.all_words(TEXT)

    def work(number: int) -> bool:
        if number % 2:
            rules.learn(f"词汇{number}甲{n}乙" for n in range(40))
            return True
        return rules.all_words(TEXT) == expected and len(rules.word_ends(TEXT)) > 100

    with ThreadPoolExecutor(8) as crowd:
        assert all(crowd.map(work, range(160)))
