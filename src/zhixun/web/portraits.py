"""Where portraits are found, and those drawn by us for people without a photo: the same key gives the same face; about
1.5 KB each.

A key reads "f-anything" or "m-anything"; what follows picks the hair, the skin, the clothes and the paper. That of a photo
reads "photo-" and its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from markupsafe import Markup

from zhixun.kernel.pictures import PHOTO, PORTRAIT_SIDES

T = TypeVar("T")

SKINS = (
    ("#f1c9a8", "#dfa883"),
    ("#f4d3b5", "#e3b48e"),
    ("#e9bb95", "#d39d73"),
    ("#d9a47a", "#bd855b"),
    ("#b98560", "#976645"),
)
PAPERS = (
    ("#dfe3ee", "#cfd5e6"), ("#d9ecea", "#c5e0dd"), ("#dde9f6", "#c9dcf0"), ("#f3e4d3", "#ead4bb"), ("#e8e4f1", "#d9d2e8"),
    ("#dcefe9", "#c8e3da"), ("#f6e6d6", "#eed6bf"), ("#eef0e6", "#dfe4d2"),
)  # fmt: skip
HAIRS = ("#23222a", "#1f2326", "#2b211c", "#4a3327", "#2e2320", "#6c6a6e", "#5a3f2c", "#1d1b1e")
CLOTHES = (
    ("blazer", "#2f3a55", "#f5f3ee", "#3b4768"), ("coat", "#f6faf9", "#8fb7c9", "#cfdedb"), ("crew", "#3f6f9f", "#34608c"),
    ("shirt", "#e9edf0", "#fbfcfd", "#c5ced4"), ("crew", "#c7d3c4", "#b3c2b0"), ("blazer", "#4a4550", "#eceaf2", "#57515f"),
    ("blazer", "#8a5a3c", "#fbf4ea", "#99684a"), ("crew", "#b98a6a", "#a87a5b"), ("blazer", "#24564a", "#eef4f1", "#2f6a5b"),
)  # fmt: skip
# Hair behind the head, hair before it; {hair} is its colour.
WOMEN = (
    (
        '<path d="M34 52C31 30 44 16 60 16s29 14 26 36c-.6 8 1 18 3 26-7 5-14 5-17 1H48c-3 4-10 4-17-1 2-8 3.600-18 3-26z" fill="{hair}"/>',
        '<path d="M37.500 56C36 36 46 22 61 22c14 0 23 12 21.500 33-2.500-9-5-14-8.500-18-6 3-20 4-29 2-3.500 4-6 9-7.500 17z" fill="{hair}"/>',
    ),
    (
        '<path d="M33 54c-3-24 9-40 27-40s30 16 27 40c-1 10 3 26 6 38-8 6-17 4-20-2H47c-3 6-12 8-20 2 3-12 7-28 6-38z" fill="{hair}"/>',
        '<path d="M37.500 58C35 38 44 21 62 21c14 0 22 13 20.500 36-3-11-8-18-16-22-6 7-19 8-24 10-3 3-4 7-5 13z" fill="{hair}"/>',
    ),
    (
        '<circle cx="60" cy="16" r="10.500" fill="{hair}"/>',
        '<path d="M38 54c-2.500-20 7-32 22-32s24.500 12 22 32c-1.500-7-4-12-7-16-9-6-21-6-30 0-3 4-5.500 9-7 16z" fill="{hair}"/>',
    ),
    (
        '<path d="M78 30c14 4 20 22 15 40-3 11-9 14-13 12 4-14 3-36-2-52z" fill="{hair}"/>',
        '<path d="M37.800 55C35 34 45 20.500 60 20.500S85 34 82.200 55c-1.500-9-5-15.500-10-20-8 6.500-20 9-29.500 9.500-2.500 3-4 6.500-4.900 10.500z" fill="{hair}"/>',
    ),
    (
        '<path d="M34 54c-3-23 9-39 26-39s29 16 26 39c-.6 8 2 20 4 28-8 4-15 3-18-2H48c-3 5-10 6-18 2 2-8 4.600-20 4-28z" fill="{hair}"/>',
        '<path d="M37.500 57C35.500 37 45 22 58 22c16 0 26 14 24.500 35-2-8-4.500-13-9-17-8-1-14-4-17-8-3 6-10 10-14 12-2.500 3.500-4 8-5 13z" fill="{hair}"/>',
    ),
)
MEN = (
    (
        "",
        '<path d="M37 52c-2-18 7-31 24-31 16 0 24 11 22 30-1.500-4-2.500-7-4.500-10-5-1-9-3.500-12-6.500-6 5-15 7-22.500 7.500-3.500 2.500-5.500 6-7 10z" fill="{hair}"/>',
    ),
    (
        "",
        '<path d="M37.500 53C34 32 45 20 60 20c17 0 26 12 22 33-1-4.500-2-9-5-13-7-.5-10-2-14-5-5 3.500-12 5.500-18 6-4 3.500-6 7.500-7.500 12z" fill="{hair}"/>',
    ),
    (
        "",
        '<path d="M38 50c-1.500-19 8-29.500 22-29.500S83.500 31 82 50c-1.500-5-3-9.500-5.500-12.500-9 1.500-24 1.500-33 0C41 40.500 39.500 45 38 50z" fill="{hair}"/>',
    ),
    (
        "",
        '<path d="M37.500 52C36 33 46 21 60 21s24 12 22.500 31c-1.800-5-3.500-8.500-5-11.500C70 39 66 36 64 32c-4 5-13 9-20 9.500-3 2.500-5 6-6.500 10.500z" fill="{hair}"/>',
    ),
)
GLASSES = (
    '<g fill="none" stroke="#2a2a2a" stroke-width="1.5" opacity=".85"><rect x="43.5" y="51" width="14" height="11.5" rx="5"/>'
    '<rect x="62.5" y="51" width="14" height="11.5" rx="5"/>'
    '<path d="M57.5 55.5q2.5-1.6 5 0M43.5 55l-4.5-1.5M76.5 55l4.5-1.5"/></g>'
)


def address(key: str, *, side: int = PORTRAIT_SIDES[-1]) -> str:
    """The path of a portrait; of a photo, in the size with this side in pixels."""
    return f"/portrait/{key.removeprefix(PHOTO)}-{side}.webp" if key.startswith(PHOTO) else f"/portrait/{key}.svg"


def source(key: str, size: int) -> Markup:
    """The attributes of an `img` that is `size` points wide: a photo comes as large as the screen needs it."""
    if not key.startswith(PHOTO):
        return Markup('src="{}"').format(address(key))
    sizes = ", ".join(f"{address(key, side=side)} {side}w" for side in PORTRAIT_SIDES)
    return Markup('src="{}" srcset="{}" sizes="{}px"').format(address(key, side=PORTRAIT_SIDES[1]), sizes, size)


def portrait_svg(key: str) -> str:
    """The drawing for `key`, as a whole SVG document."""
    seed = hashlib.sha256(key.encode()).digest()
    women = not key.startswith("m-")
    back, front = _pick(WOMEN if women else MEN, seed[0])
    skin, shade = _pick(SKINS, seed[1] // 2)
    paper, wave = _pick(PAPERS, seed[2])
    hair = _pick(HAIRS, seed[3])
    kind, *colours = _pick(CLOTHES, seed[4])
    sewn: dict[str, Callable[..., str]] = {"blazer": _blazer, "coat": _coat, "crew": _crew, "shirt": _shirt}
    cloth = sewn[kind](*colours)
    glasses = GLASSES if seed[5] % 4 == 0 else ""
    drawing = FACE.format(
        bg1=paper, bg2=wave, back=back.format(hair=hair), front=front.format(hair=hair), s=skin, sh=shade, brow=hair,
        cloth=cloth, mouth="M53 70.5 Q60 75.5 67 70.5", g=glasses,
    )  # fmt: skip
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="12 8 96 96">{drawing}</svg>'


def _pick(choices: Sequence[T], number: int) -> T:
    return choices[number % len(choices)]


FACE = (
    '<rect width="120" height="120" fill="{bg1}"/><path d="M0 120V74C28 60 74 96 120 58v62z" fill="{bg2}"/>{back}<path d="M50 70h20v17c0 7-20 7-20 0z" fill="{sh}"/>{cloth}<path d="M39.500 57.500c-3.800-1.200-5 2.200-4.200 5.200.8 3.200 3.200 5.200 5.600 4.200zM80.500 57.500c3.800-1.200 5 2.200 4.200 5.200-.8 3.200-3.200 5.200-5.600 4.200z" fill="{sh}"/><path d="M38.500 48c0-16 9-24 21.500-24s21.500 8 21.500 24c0 8-.6 15-3.800 21.500C74 77.500 67 83 60 83s-14-5.500-17.700-13.500C39.100 63 38.500 56 38.500 48z" fill="{s}"/><g fill="{brow}"><path d="M45.500 49.600c2.600-2.300 6.800-2.600 10-1l-.5 1.90'
    '0c-2.900-1.100-6-.9-8.600.6zM74.500 49.600c-2.600-2.300-6.800-2.600-10-1l.5 1.900c2.900-1.100 6-.9 8.600.6z"/></g><g fill="#22262a"><ellipse cx="50.700" cy="56.400" rx="1.900" ry="2.300"/><ellipse cx="69.300" cy="56.400" rx="1.900" ry="2.300"/></g><path d="M60 57.500c.6 3 1.600 5 2 6.300-.9 1.100-2.300 1.300-3.600 1" fill="none" stroke="{sh}" stroke-width="1.500" stroke-linecap="round"/><path d="{mouth}" fill="none" stroke="#b4604e" stroke-width="1.900" stroke-linecap="round"/><g fill="#e2735c" opacity=".16"><circle cx="46" cy="65" r="4.500"/><circle cx="74" cy="65" r="4.500"/></g>{front}{g}'
)


def _blazer(c: str, inner: str, lapel: str) -> str:
    return f'<path d="M10 120c1-17 9-25 24-29l16-5c2 7 18 7 20 0l16 5c15 4 23 12 24 29z" fill="{c}"/><path d="M50 86l-3 2 13 24 13-24-3-2c-2 7-18 7-20 0z" fill="{inner}"/><path d="M47 88l-7 3 4 9-3 3 17 17h2V112zM73 88l7 3-4 9 3 3-17 17h-2V112z" fill="{lapel}"/>'


def _crew(c: str, rib: str) -> str:
    return f'<path d="M10 120c1-17 9-25 24-29l14-4.500c3 8.500 21 8.500 24 0L86 91c15 4 23 12 24 29z" fill="{c}"/><path d="M46.500 87c2.500 11.500 24.500 11.500 27 0l-2.300-.8c-2.600 8.300-19.800 8.300-22.400 0z" fill="{rib}"/>'


def _shirt(c: str, col: str, shade: str) -> str:
    return f'<path d="M10 120c1-17 9-25 24-29l16-5c2 7 18 7 20 0l16 5c15 4 23 12 24 29z" fill="{c}"/><path d="M50 84l-5 4 5 12 10-8.500L70 100l5-12-5-4-10 8z" fill="{col}"/><path d="M59.200 92v28M60 100h.1M60 109h.1" stroke="{shade}" stroke-width="1.400" stroke-linecap="round"/>'


def _coat(c: str, inner: str, edge: str) -> str:
    return f'<path d="M10 120c1-17 9-25 24-29l16-5c2 7 18 7 20 0l16 5c15 4 23 12 24 29z" fill="{c}"/><path d="M50 86l-3 2 13 26 13-26-3-2c-2 7-18 7-20 0z" fill="{inner}"/><path d="M47 88l-8 3 5 10-4 3 18 16h2v-6zM73 88l8 3-5 10 4 3-18 16h-2v-6z" fill="{c}" stroke="{edge}" stroke-width="1"/>'
