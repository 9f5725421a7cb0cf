"""Charts drawn on the server: functions that return SVG. Shapes stretch; every text is HTML around them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape


def line(current: Sequence[float], previous: Sequence[float], top: float, label: str) -> Markup:
    """A line over an area, the previous period dashed. `top` is the value of the upper edge, `label` its sentence."""
    path = _path(current, top)
    grid = "".join(f'<path class="g" d="M0 {y}H1000"/>' for y in (0, 75, 150, 225, 300))
    before = f'<path class="prev" d="{_path(previous, top)}"/>' if previous else ""
    return Markup(
        f'<svg class="plot__s" viewBox="0 0 1000 300" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f'{grid}<path class="area" d="{path}L1000 300L0 300z"/>{before}<path class="cur" d="{path}"/></svg>'
    )


def spark(values: Sequence[float], extra: str = "") -> Markup:
    """A small trend without axes."""
    low, high = min(values), max(values)
    reach, last = (high - low) or 1, max(len(values) - 1, 1)
    path = "M" + "L".join(f"{100 * i / last:.1f} {26 - 22 * (x - low) / reach:.1f}" for i, x in enumerate(values))
    return Markup(
        f'<svg class="spark {escape(extra)}" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{path}"/></svg>'
    )


def interval(value: float, low: float, high: float, median: float | None, label: str) -> Markup:
    """An estimate on the scale from 1 to 5 with its range, and others' median as a dashed mark. `label` is its sentence."""
    mark = f'<path class="m" d="M{_on_scale(median)} 3V27"/>' if median is not None else ""
    return Markup(
        f'<svg class="ival" viewBox="0 0 1000 30" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f'<path class="t" d="M0 15H1000"/><path class="r" d="M{_on_scale(low)} 15H{_on_scale(high)}"/>{mark}'
        f'<rect class="v" x="{_on_scale(value) - 5:.0f}" y="5" width="10" height="20" rx="4"/></svg>'
    )


def scores(values: Sequence[float | None], median: float | None, label: str) -> Markup:
    """Scores from 1 to 5 over time, a dot for each; where nobody answered there is none. `label` is its sentence."""
    last = max(len(values) - 1, 1)
    known = [(1000 * at / last, 300 - 75 * (one - 1)) for at, one in enumerate(values) if one is not None]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in known) if known else ""
    dots = "".join(f'<path class="dot" d="M{x:.1f} {y:.1f}h0"/>' for x, y in known)
    grid = "".join(f'<path class="g" d="M0 {y}H1000"/>' for y in (0, 75, 150, 225, 300))
    peers = f'<path class="m" d="M0 {300 - 75 * (median - 1):.1f}H1000"/>' if median is not None else ""
    return Markup(
        f'<svg class="scores" viewBox="0 0 1000 300" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f'{grid}{peers}<path class="cur" d="{path}"/>{dots}</svg>'
    )


def round_top(value: float) -> int:
    """The next 1, 2 or 5 followed by zeros, so that an axis has round numbers."""
    step = 1
    while step < value:
        for factor in (2, 5, 10):
            if step * factor >= value:
                return step * factor
        step *= 10
    return step


def _on_scale(score: float) -> int:
    return round(250 * (score - 1))


def _path(values: Sequence[float], top: float) -> str:
    last = max(len(values) - 1, 1)
    return "M" + "L".join(f"{1000 * i / last:.1f} {300 - 300 * x / top:.1f}" for i, x in enumerate(values))
