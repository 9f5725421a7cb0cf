"""Small line charts as SVG, for the figures in docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, GAP = 300, 210, 24
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 40, 40


@dataclass(frozen=True)
class Curve:
    """`points`: (count, measured), ascending; `limit` is drawn as a dashed line."""

    name: str
    points: Sequence[tuple[float, float]]
    limit: float | None = None


def drawn(curves: Sequence[Curve], *, unit: str) -> str:
    """One chart per curve, side by side, each from zero; colours read on light and dark."""
    width = len(curves) * (WIDTH + GAP)  # the last gap is for the end of its last number
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
            'font-family="system-ui, sans-serif" font-size="11" fill="#767676">',
            *(_chart(curve, number * (WIDTH + GAP), unit) for number, curve in enumerate(curves)),
            "</svg>\n",
        )
    )


def _chart(curve: Curve, shift: int, unit: str) -> str:
    most = max([value for _, value in curve.points] + [curve.limit or 0]) * 1.15 or 1
    widest = max(count for count, _ in curve.points) or 1

    def x(count: float) -> float:
        return round(shift + LEFT + count / widest * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM), 1)

    line = " ".join(f"{x(count)},{y(value)}" for count, value in curve.points)
    ground, right = y(0), x(widest)
    parts = [
        f'<text x="{shift + LEFT}" y="18" font-size="13" font-weight="600">{escape(curve.name)}</text>',
        f'<path d="M{x(0)} {ground}H{right}" stroke="#767676"/>',
        *(f'<path d="M{x(0)} {y(most * part)}H{right}" stroke="#767676" opacity=".25"/><text x="{x(0) - 6}" y="{y(most * part) + 4}" '
          f'text-anchor="end">{most * part:.1f}</text>' for part in (0.25, 0.5, 0.75, 1)),
        f'<text x="{x(0) - 6}" y="{TOP - 8}" text-anchor="end">{escape(unit)}</text>',
        *(f'<text x="{x(count)}" y="{ground + 16}" text-anchor="middle">{count:g}</text>' for count in (0, widest / 2, widest)),
        f'<polyline points="{line}" fill="none" stroke="#2f7d6b" stroke-width="2"/>',
        *(f'<circle cx="{x(count)}" cy="{y(value)}" r="2.6" fill="#2f7d6b"/>' for count, value in curve.points),
    ]  # fmt: skip
    if curve.limit is not None:
        parts.append(f'<path d="M{x(0)} {y(curve.limit)}H{right}" stroke="#b3541e" stroke-dasharray="4 3"/>')
    return "".join(parts)
