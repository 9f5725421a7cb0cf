"""A consultant's report as a paper: the figures, sentences and words of the page, in the same order."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext, ngettext

from zhixun.features.quality.queries import Report
from zhixun.features.quality.rules import Estimate
from zhixun.kernel.papers import Bars, Block, Figure, Figures, Passages, Row, Table
from zhixun.web.formats import local, say
from zhixun.web.papers import as_text, handed_out, paper, words_of


def report_paper(report: Report, name: str, period: str) -> Response:
    number = f"{period} · {report.consultant_id[-8:]}"
    subtitle = f"{name} · {say(report.field)} · {local(report.from_, 'date')} – {local(report.until, 'date')}"
    made = paper(
        gettext("Quality report"), subtitle, number=number, made_at=report.until,
        blocks=_empty() if report.is_empty else _blocks(report),
        small=(gettext("Satisfaction is the mean of clients’ answers, quality the mean of expert reviews, 1 to 5. The range holds the true level in 19 cases of 20."),),
    )  # fmt: skip
    return handed_out(made, gettext("zhixun-report-%(day)s", day=f"{report.until:%Y-%m-%d}"))


def _empty() -> tuple[Block, ...]:
    said = gettext("The report begins with the first session that was held and answered.")
    return (Passages(gettext("Nothing to report yet"), (said,)),)


def _blocks(report: Report) -> tuple[Block, ...]:
    words: Any = words_of("quality/report_parts.html", report=report)
    names = {name: as_text(said) for name, said in words.dimension_names.items()}
    found: list[Block] = [
        _figures(report),
        Passages(
            gettext("What to try next"),
            tuple(as_text(words.suggestion(code)) for code in report.suggestions)
            or (gettext("Keep going as you do."),),
            "list" if report.suggestions else "plain",
        ),
        _moved(report, names),
    ]
    if report.dimensions:
        found.append(
            Bars(gettext("What clients say"), tuple(_bar(names[name], at) for name, at in report.dimensions.items()))
        )
    if report.lines:
        marked = tuple(_bar(as_text(words.line_name(name)), at) for name, at in report.lines.items())
        found.append(Bars(gettext("What experts marked"), marked))
    nothing = Passages(gettext("Two comments to learn from"), (gettext("No expert has written in this period."),))
    lessons = Passages(nothing.title, report.lessons, "quote") if report.lessons else nothing
    return (*found, lessons, _conduct(report), _over_time(report))


def _figures(report: Report) -> Figures:
    told, judged, predicted = report.satisfaction, report.expert, report.predicted
    answers = ngettext("mean of %(num)s answer", "mean of %(num)s answers", told.count if told else 0)
    reviews = ngettext("mean of %(num)s expert review", "mean of %(num)s expert reviews", judged.count if judged else 0)
    items = [
        _figure(gettext("Satisfaction"), told, answers, report.satisfaction_median),
        _figure(gettext("Consultant quality"), judged, reviews, report.expert_median),
    ]
    if predicted:
        over = ngettext("over %(num)s session", "over %(num)s sessions", predicted.count)
        hint = f"{over}. {gettext('not read by experts')}"
        items.append(Figure(gettext("Predicted"), f"{predicted.mean:.2f}", hint))
    return Figures(tuple(items))


def _figure(label: str, found: Estimate | None, of: str, median: float | None) -> Figure:
    if found is None:
        return Figure(label, "–", gettext("Nothing in this period."))
    low, high = f"{found.low:.2f}", f"{found.high:.2f}"
    said = [
        of,
        gettext("Without luck %(value)s (95%%: %(low)s to %(high)s)", value=f"{found.value:.2f}", low=low, high=high),
    ]
    if median is not None:
        said.append(gettext("peers’ median %(value)s", value=f"{median:.2f}"))
    return Figure(label, f"{found.mean:.2f}", "\n".join(said))


def _moved(report: Report, names: dict[str, str]) -> Table:
    rows = tuple(
        Row((names[one.name], f"{one.before:.2f} → {one.now:.2f}", f"{one.change:+.2f}".replace("-", "−")))
        for one in report.movers
    )
    heads = (gettext("What"), gettext("Before and now"), gettext("Change"))
    nothing = gettext("No dimension moved by a tenth of a point or more against the period before.")
    return Table(gettext("What moved it"), heads, rows, nothing)


def _bar(name: str, mean: float) -> tuple[str, float, str]:
    return name, (mean - 1) / 4, f"{mean:.1f}"


def _conduct(report: Report) -> Table:
    figures = report.conduct
    hours = "–" if figures.answer_hours is None else gettext("%(hours)s h", hours=f"{figures.answer_hours:.1f}")
    rows = (
        (gettext("Sessions held"), str(figures.sessions)),
        (gettext("Began late"), f"{figures.late_share:.0%}"),
        (gettext("Summaries within 48 hours"), f"{figures.summary_share:.0%}" if figures.summaries_due else "–"),
        (gettext("Answers messages within (median)"), hours),
    )
    return Table(gettext("Conduct"), ("", ""), tuple(map(Row, rows)))


def _over_time(report: Report) -> Table:
    rows = tuple(
        Row((local(one.from_, "date"), str(one.count), "–" if one.mean is None else f"{one.mean:.2f}"))
        for one in report.points
    )
    return Table(gettext("Satisfaction over time"), (gettext("From"), gettext("Answers"), gettext("Mean")), rows)
