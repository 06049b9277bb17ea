"""Charts as SVG, drawn on the server: no script, printable, in the page's own colours. Beside each stands its table.

Altair is slow to import, so it is imported at the first chart; the same numbers give the same picture from a small cache.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext, gettext_noop

# Placeholders that no theme uses, each replaced by one of the page's colours, so that light and dark need one picture.
COLOURS = {
    "#010203": "var(--accent)",
    "#010204": "var(--info)",
    "#010205": "var(--critical)",
    "#010206": "var(--overdue)",
    "#010207": "var(--ink-soft)",
    "#010208": "var(--ink)",
    "#010209": "var(--line)",
    "#01020a": "var(--good)",
}
ACCENT, INFO, CRITICAL, OVERDUE, SOFT, INK, LINE, GOOD = COLOURS
CELLS = (
    ("reached", gettext_noop("reached"), ACCENT),
    ("completed", gettext_noop("completed"), GOOD),
    ("not_applicable", gettext_noop("not applicable"), LINE),
    ("open", gettext_noop("open"), INFO),
    ("held", gettext_noop("held"), SOFT),
    ("preventable", gettext_noop("left, preventable"), CRITICAL),
    ("other", gettext_noop("left, otherwise"), OVERDUE),
)


def funnel(shown: Mapping[str, Any]) -> str:
    """The steps of a drop-off report (as `shown.drop_off` gives it) as stacked bars. Hidden cells are left out of the picture."""
    rows = []
    for order, step in enumerate(shown["steps"]):
        left = step["left"]
        others = [count for name, count in left.items() if name != "preventable"]
        counts = {**step, "preventable": left["preventable"], "other": None if None in others else sum(others)}
        for rank, (name, label, _) in enumerate(CELLS):
            if counts[name]:
                rows.append({"step": step["label"], "order": order, "cell": gettext(label), "rank": rank, "count": counts[name]})
    described = "; ".join(
        gettext("%(label)s: %(reached)s of %(entered)s")
        % {"label": step["label"], "reached": _said(step["reached"]), "entered": _said(step["entered"])}
        for step in shown["steps"]
    )
    return _svg("funnel", json.dumps(rows), gettext("Drop-off by step, %(pathway)s") % {"pathway": shown["pathway"]}, described)


def _said(count: int | None) -> str:
    return gettext("a number not shown") if count is None else str(count)


def curves(points: Sequence[Mapping[str, Any]], *, title: str, described: str) -> str:
    """Step curves over time. `points`: dicts with line, day, share (0 to 1)."""
    return _svg("curves", json.dumps(list(points)), title, described)


@lru_cache(maxsize=64)
def _svg(kind: str, rows: str, title: str, described: str) -> str:
    import vl_convert  # type: ignore[import-not-found, unused-ignore]

    data = json.loads(rows)
    chart = _funnel(data) if kind == "funnel" else _curves(data)
    return in_page_colours(str(vl_convert.vegalite_to_svg(chart.to_json())), title, described)


def _funnel(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    names, colours = [gettext(label) for _, label, _ in CELLS], [colour for _, _, colour in CELLS]
    steps = [row["step"] for row in sorted(rows, key=lambda row: row["order"])]
    chart = alt.Chart(alt.InlineData(values=rows)).mark_bar(height=18)
    return _framed(
        chart.encode(
            x=alt.X("count:Q", title=gettext("journeys that entered the step")),
            y=alt.Y("step:N", sort=list(dict.fromkeys(steps)), title=None),
            color=alt.Color("cell:N", scale=alt.Scale(domain=names, range=colours), title=None, legend=alt.Legend(orient="top", columns=4)),
            order=alt.Order("rank:Q"),
        ).properties(width=560, height=alt.Step(30))
    )


def _curves(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    palette = [ACCENT, CRITICAL, INFO, OVERDUE, GOOD, SOFT]
    chart = alt.Chart(alt.InlineData(values=rows)).mark_line(interpolate="step-after", strokeWidth=2)
    return _framed(
        chart.encode(
            x=alt.X("day:Q", title=gettext("days")),
            y=alt.Y("share:Q", title=gettext("share"), scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
            color=alt.Color("line:N", scale=alt.Scale(range=palette), title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("line:N", legend=None),
        ).properties(width=560, height=260)
    )


def _framed(chart: Any) -> Any:
    """The page's ink for words and lines, and no background of its own."""
    return (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_axis(labelColor=INK, titleColor=SOFT, gridColor=LINE, domainColor=LINE, tickColor=LINE, labelLimit=260, labelFontSize=13)
        .configure_legend(labelColor=INK, titleColor=SOFT, labelFontSize=13, symbolType="square")
        .configure_view(stroke=None)
    )


def in_page_colours(svg: str, title: str, described: str) -> str:
    """Theme colours for placeholders, a name and a description for those who cannot see it, and nothing that a strict CSP refuses."""
    for placeholder, colour in COLOURS.items():
        svg = re.sub(placeholder, colour, svg, flags=re.IGNORECASE)
    svg = re.sub(r"<style.*?</style>|<script.*?</script>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sstyle="[^"]*"', "", svg)
    svg = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", svg)
    svg = svg.replace(' class="marks"', "", 1)
    words = f"<title>{html.escape(title)}</title><desc>{html.escape(described)}</desc>"
    return re.sub(r"<svg([^>]*)>", lambda match: f'<svg role="img" class="chart"{match[1]}>{words}', svg, count=1)
