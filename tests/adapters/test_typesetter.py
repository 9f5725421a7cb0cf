"""Papers as PDF: Chinese set with its own fonts, small, and nothing anyone wrote is read as an instruction."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest
from pypdf import PdfReader

from tests.papers import said
from zhixun.adapters.typesetter.typst import TypstTypesetter
from zhixun.kernel.papers import Bars, Facts, Figure, Figures, Paper, Passages, Row, Table

BYTES_MAX = 60_000
AT = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)


def made(*blocks: object, language: str = "zh", title: str = "对账单") -> bytes:
    paper = Paper(
        language, "知询", title, "2026年11月", "2026-11", AT, "制作于 2026年11月29日", blocks, ("小字一行。",)
    )  # type: ignore[arg-type]
    return TypstTypesetter().pdf(paper)


def everything(word: str) -> bytes:
    """A paper with `word` in every place a person's words can come to."""
    return made(
        Facts(((word, word),)), Figures((Figure(word, "¥1", word),)), Bars(word, ((word, 0.5, "2.5"),)),
        Table(word, (word, "数额"), (Row((word, "¥1"), ((word, "¥2"),)),)), Passages(word, (word, word), "quote"),
        Passages("", (word,), "list"), title=word,
    )  # fmt: skip


def test_chinese_is_set_with_fonts_of_its_own_and_the_file_stays_small() -> None:
    data = made(Figures((Figure("期末余额", "¥422.40", "已结算"), Figure("本月变动", "−¥1,057.60"))))
    text = said(data)
    for sentence in ("知询", "对账单", "2026年11月", "期末余额¥422.40已结算", "本月变动−¥1,057.60", "小字一行。"):
        assert sentence in text
    assert len(data) < BYTES_MAX
    reader = PdfReader(io.BytesIO(data))
    fonts = {font["/BaseFont"] for font in (f.get_object() for f in reader.pages[0]["/Resources"]["/Font"].values())}
    assert all("NotoSansSC" in name or "NotoSerifSC" in name for name in fonts), fonts
    assert all("+" in name for name in fonts), "only the signs used are in the file"
    assert reader.trailer["/Root"]["/Lang"].startswith("zh")
    assert reader.metadata.title == "对账单 2026年11月"


@pytest.mark.parametrize(
    "word",
    [
        '#read("/etc/passwd")', "*x* _y_ `z` $x^2$", "= 题", "- 项", "@ref <label>", "// 注 /* 注 */", "\\u{41} \\n \\\\",
        "#let x = 1; #x", "#import \"@preview/cetz:0.3.4\"", '"}]} , "title": "偷', "#{panic()}", "</script><b>", "%(name)s",
    ],
)  # fmt: skip
def test_what_people_write_is_never_markup(word: str) -> None:
    text = said(everything(word))
    assert text.count("".join(word.split())) >= 10
    assert "root:" not in text


def test_long_words_stay_on_the_page() -> None:
    for word in ("W" * 300, "长" * 300, "a-very-long-address@example.com" * 9):
        data = everything(word)
        pages = PdfReader(io.BytesIO(data)).pages
        begins: list[float] = []
        for page in pages:
            page.extract_text(visitor_text=partial(_note, begins))
        assert max(begins) < float(pages[0].mediabox.width)
        assert word in said(data)


def _note(begins: list[float], text: str, _: object, at: list[float], *__: object) -> None:
    if text.strip():
        begins.append(at[4])


@pytest.mark.parametrize(
    "word", ["Ada 🎉 party", "שלום עולם", "مرحبا بالعالم", "Ünal Ærø Żółć", "Ольга", "名\u202e字", "e\u0301", ""]
)
def test_any_script_is_set_and_the_rest_of_the_paper_stays_whole(word: str) -> None:
    text = said(made(Facts(((("客户"), word), ("金额", "¥480.00")))))
    assert "客户" in text
    assert "金额¥480.00" in text


def test_hebrew_and_arabic_come_from_fonts_that_have_them() -> None:
    reader = PdfReader(io.BytesIO(made(Facts((("א", "ש"), ("ع", "م"))))))
    fonts = " ".join(f.get_object()["/BaseFont"] for f in reader.pages[0]["/Resources"]["/Font"].values())
    assert "Libertinus" in fonts
    assert "DejaVu" in fonts


def test_a_long_table_goes_on_and_every_page_says_which_it_is() -> None:
    rows = tuple(Row((f"第{number}笔", "¥1.00"), (("佣金", "¥0.12"),)) for number in range(120))
    reader = PdfReader(io.BytesIO(made(Table("变动", ("项目", "数额"), rows))))
    assert len(reader.pages) > 2
    for number, page in enumerate(reader.pages, 1):
        text = "".join(page.extract_text().split())
        assert f"{number}/{len(reader.pages)}" in text
        assert "项目数额" in text
    assert all(f"第{number}笔" in said(made(Table("变动", ("项目", "数额"), rows))) for number in (0, 60, 119))


def test_the_same_paper_is_the_same_file_from_every_thread() -> None:
    with ThreadPoolExecutor(4) as pool:
        files = set(pool.map(lambda _: made(Facts((("客户", "Ada"),))), range(12)))
    assert len(files) == 1


def test_without_rows_a_table_says_so() -> None:
    assert "这个月没有变动" in said(made(Table("变动", ("项目", "数额"), (), "这个月没有变动")))
