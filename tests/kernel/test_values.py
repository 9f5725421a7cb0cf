"""The small values everything is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhixun.kernel.values import Money, Words, hundredths, is_id, new_id, plain_text


@given(st.integers(-(10**12), 10**12), st.integers(0, 10_000))
def test_a_share_and_its_rest_are_the_whole(minor, bps):
    whole = Money(minor)
    share = whole.share_bps(bps)
    assert share + (whole - share) == whole
    assert abs(share.amount_minor * 10_000 - minor * bps) <= 5_000


def test_half_a_cent_is_rounded_up():
    assert Money(9_999).share_bps(1_500) == Money(1_500)
    assert Money(1).share_bps(5_000) == Money(1)


def test_two_currencies_are_never_added():
    with pytest.raises(AssertionError):
        Money(1, "CNY") + Money(1, "USD")


def test_ids_have_one_form_and_ascend():
    ids = [new_id() for _ in range(200)]
    assert ids == sorted(set(ids))
    assert all(is_id(one) for one in ids)
    for wrong in ("", "x" * 32, "A" * 32, "0" * 31, "0" * 33, None, 7, b"0" * 32, "٠" * 32):
        assert not is_id(wrong)


@given(st.text())
def test_plain_text_can_be_stored_shown_and_cleaned_again(text):
    clean = plain_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert "\r" not in clean
    assert plain_text(clean) == clean


def test_plain_text_keeps_what_people_write():
    assert plain_text(" 第一行\r\n\tsecond 👩‍🔬 line\r ") == "第一行\n\tsecond 👩‍🔬 line"
    assert plain_text("a\x00b\ud800c\x1b[0m") == "abc[0m"


def test_words_fall_back_on_the_other_language():
    assert Words("只有中文").in_language("en") == "只有中文"
    assert Words(en="only").in_language("zh") == "only"
    assert Words.of(Words("一", "one").as_dict()) == Words("一", "one")
    assert Words.of(None) == Words()


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("120", 12_000), (" 1,200.5 ", 120_050), ("120.50", 12_050), ("120.500", 12_050), ("１２０．５", 12_050), ("0", 0),
        ("7.", 700), ("", None), ("-1", None), ("1.005", None), ("1e3", None), ("1E+999990", None), ("NaN", None),
        ("٣", None), ("9" * 14, None), ("1 2", None),
    ],
)  # fmt: skip
def test_an_amount_is_made_of_digits_and_nothing_that_has_to_be_worked_out(text, minor):
    assert hundredths(text) == minor
