"""Every text on every ground it stands on can be read, in light and in dark: WCAG 2.2 AA, worked out from tokens.css."""

import re
from pathlib import Path

import pytest

import zhixun.web

TOKENS = (Path(zhixun.web.__file__).parent / "static/css/tokens.css").read_text()
GROUNDS = ("canvas", "surface", "raised", "sunken", "fill")
TONES = ("brand", "seal", "good", "warn", "bad", "info", "edu", "health", "legal", "career")
TEXT_MIN, MARK_MIN = 4.5, 3.0

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS),
    *((f"{tone}-ink", ground) for tone in TONES for ground in ("surface", "canvas", f"{tone}-soft")),
    *(("ink", f"{tone}-soft") for tone in TONES),
    ("on-brand", "brand"), ("on-brand", "brand-hover"), ("seal-on", "seal"), ("canvas", "ink"),
]  # fmt: skip
MARKS = [
    *((mark, ground) for mark in ("control", "brand", "seal", "bad") for ground in ("canvas", "surface", "raised")),
    *((tone, "surface") for tone in TONES if tone not in {"warn"}),
]


def themes():
    light = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", TOKENS.split("@media", 1)[0]))
    dark = light | dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", TOKENS.split(":root[data-theme=dark]", 1)[1]))
    return {"light": light, "dark": dark}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_formula_is_the_published_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_and_marks_can_be_seen(theme):
    colours = themes()[theme]
    found = {
        f"{front} on {back}": round(contrast(colours[front], colours[back]), 2)
        for pairs, least in ((TEXT, TEXT_MIN), (MARKS, MARK_MIN))
        for front, back in pairs
        if contrast(colours[front], colours[back]) < least
    }
    assert found == {}


def test_both_ways_to_dark_have_the_same_colours():
    by_system, by_choice = TOKENS.split("@media (prefers-color-scheme:dark)", 1)[1].split(":root[data-theme=dark]", 1)
    find = re.compile(r"--([\w-]+):([^;}]+)")
    assert dict(find.findall(by_system)) == dict(find.findall(by_choice.split("}")[0]))
