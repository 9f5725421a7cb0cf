"""What is taken for a way around the house, and which ordinary sentences are not."""

from __future__ import annotations

import pytest

from zhixun.features.messaging.rules.contacts import contact_in


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone", "我的电话是13800138000"),
        ("phone", "打我电话 138 0013 8000 吧"),
        ("phone", "138-0013-8000"),
        ("phone", "１３８００１３８０００"),
        ("phone", "138\u200b0013\u20608\u200d000"),
        ("wechat", "微\u200b信：abc12345"),
        ("phone", "1 3 8 0 0 1 3 8 0 0 0"),
        ("phone", "一三八零零一三八零零零"),
        ("phone", "幺三八 〇〇一三 八〇〇〇"),
        ("phone", "+86 13800138000"),
        ("phone", "Call +44 20 7946 0958 please"),
        ("phone", "My number is (415) 555-0132"),
        ("mail", "写到 ada.wang@example.com"),
        ("mail", "ada [at] example [dot] com"),
        ("mail", "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("wechat", "微信号：ada_wang88"),
        ("wechat", "我的微信是 adawang2026"),
        ("wechat", "vx: adawang"),
        ("wechat", "加我微信聊"),
        ("wechat", "My WeChat ID is adawang"),
        ("wechat", "Add me on WhatsApp"),
        ("qq", "QQ 123456789"),
        ("qq", "扣扣号：一二三四五六七八"),
        ("payment", "https://paypal.me/ada"),
        ("payment", "我们私下转账便宜一点"),
        ("payment", "You could pay me directly instead"),
    ],
)
def test_ways_around_the_house_are_seen(kind: str, text: str) -> None:
    assert contact_in(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "下周三 2026-12-09 19:30 可以吗？",
        "2026.12.09 到 2026.12.19 我都在出差",
        "月薪 13,800 元，年终奖 138000 元",
        "赔偿金是 13800138.00 元吗？",
        "《劳动合同法》第三十九条第二项、第四十七条怎么理解？",
        "民法典第1079条和第1091条",
        "（2023）沪01民终12345号判决",
        "合同编号 HT-2023-000138-0013",
        "我一九八八年出生，二〇一三年毕业",
        "他用微信转账给我五万，有记录",
        "公司在微信群里通知我被裁了",
        "I use WeChat regularly at work and keep the records.",
        "My WeChat is broken, so I have no record.",
        "Section 1398 of the Act, paragraphs 13 to 19",
        "The offer is 138,000 a year plus 15 % bonus, from 15 16 17 January",
        "血压 138/80，心率 72，体重 61.5 公斤",
        "身高 165，孩子 3 岁 8 个月",
        "Article 5.1.3 and 138.2(b), version 2.0.14",
        "付款记录在附件里，平台上付的",
        "雅思 7.5，GRE 325，GPA 3.81",
    ],
)
def test_ordinary_sentences_pass(text: str) -> None:
    assert contact_in(text) == ""
