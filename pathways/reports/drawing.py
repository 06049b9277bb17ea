"""Charts of sheets: Vega-Lite rendered to SVG on the server. Marks differ by shape or dash as well as by colour; words stand beside.

The same rows give the same picture, so pictures are kept by their content; the first of a process takes about a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pathways.reports.charts import ACCENT, CRITICAL, GOOD, INFO, INK, LINE, OVERDUE, SOFT, in_page_colours
from pathways.reports.sheet import Drawing

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
PALETTE = [ACCENT, OVERDUE, INFO, CRITICAL, GOOD, SOFT]
WIDTH = 640
NAMES = 400
"""So wide may the name of a line be before it is cut; a name that is cut tells two lines no longer apart."""
PADDING = {"left": 34, "right": 24, "top": 6, "bottom": 6}
"""The page's own fonts may be wider than those that the renderer measured with."""


def drawn(drawing: Drawing) -> str:
    """SVG of a sheet's chart, in the page's colours, with its name and what is to be seen for those who cannot see it."""
    return _svg(drawing.name, json.dumps([*drawing.rows], default=str), json.dumps(dict(drawing.options)), drawing.title, drawing.said)


@lru_cache(maxsize=256)
def _svg(name: str, rows: str, options: str, title: str, said: str) -> str:
    import vl_convert  # type: ignore[import-not-found, unused-ignore]

    spec = {**SPECS[name](json.loads(rows), json.loads(options)), "config": CONFIG, "background": "transparent", "padding": PADDING}
    return in_page_colours(str(vl_convert.vegalite_to_svg(spec)), title, said)


AXIS = {
    "labelColor": INK,
    "titleColor": SOFT,
    "gridColor": LINE,
    "domainColor": LINE,
    "tickColor": LINE,
    "labelLimit": 260,
    "labelFontSize": 14,
    "titleFontSize": 14,
    "titleFontWeight": "normal",
}
CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "axis": AXIS,
    "legend": {"labelColor": INK, "titleColor": SOFT, "labelFontSize": 14, "orient": "top"},
    "view": {"stroke": None},
    "text": {"color": INK, "fontSize": 13},
}


def control(rows: Rows, options: Mapping[str, Any]) -> Spec:
    """A control chart. Rows: period, value, mean, low, high, signal (or ""), mature. Immature periods are shaded and have no point."""
    percent = options.get("share", False)
    y = {"type": "quantitative", "axis": {"format": "%"} if percent else {}, "title": options.get("y", "")}
    x = {"field": "period", "type": "ordinal", "title": None, "axis": {"labelAngle": 0, "labelOverlap": True}}
    mature = [row for row in rows if row["mature"]]
    young = [row for row in rows if not row["mature"]]
    signals = [row for row in mature if row["signal"]]
    return {
        "width": WIDTH,
        "height": 260,
        "layer": [
            {"data": {"values": young}, "mark": {"type": "bar", "color": LINE, "opacity": 0.5, "width": {"band": 1}}, "encoding": {"x": x}},
            {"data": {"values": mature}, "mark": {"type": "line", "color": SOFT, "strokeDash": [2, 3]}, "encoding": _xy(x, y, "high")},
            {"data": {"values": mature}, "mark": {"type": "line", "color": SOFT, "strokeDash": [2, 3]}, "encoding": _xy(x, y, "low")},
            {"data": {"values": mature}, "mark": {"type": "line", "color": INK, "strokeWidth": 1}, "encoding": _xy(x, y, "mean")},
            {"data": {"values": mature}, "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2}, "encoding": _xy(x, y, "value")},
            {
                "data": {"values": mature},
                "mark": {"type": "point", "filled": True, "size": 55, "color": ACCENT},
                "encoding": _xy(x, y, "value"),
            },
            {
                "data": {"values": signals},
                "mark": {"type": "point", "filled": True, "size": 150, "shape": "diamond", "color": CRITICAL},
                "encoding": _xy(x, y, "value"),
            },
            {
                "data": {"values": [row for row in rows if row.get("changed")]},
                "mark": {"type": "rule", "color": OVERDUE, "strokeWidth": 2},
                "encoding": {"x": x},
            },
            {
                "data": {"values": [row for row in rows if row.get("changed")]},
                "mark": {"type": "text", "align": "left", "dx": 4, "y": 8, "color": OVERDUE},
                "encoding": {"x": x, "text": {"field": "changed"}},
            },
        ],
    }


def _xy(x: Spec, y: Spec, name: str) -> Spec:
    return {"x": {**x, "sort": None}, "y": {**y, "field": name}}


def intervals(rows: Rows, options: Mapping[str, Any]) -> Spec:
    """Shares with their limits, one line a stratum, the whole as a rule. Rows: name, value, low, high."""
    reference = options.get("reference")
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": NAMES}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": ACCENT, "strokeWidth": 2},
            "encoding": {"x": _share("low", options), "x2": {"field": "high"}, "y": y},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 110, "color": ACCENT, "opacity": 1},
            "encoding": {"x": _share("value", options), "y": y},
        },
    ]
    if reference is not None:
        rule = {"type": "rule", "color": INK, "strokeDash": [4, 3]}
        layers.append({"data": {"values": [{"at": reference}]}, "mark": rule, "encoding": {"x": _share("at", options)}})
    return {"width": WIDTH - 180, "height": {"step": 30}, "data": {"values": list(rows)}, "layer": layers}


def _share(name: str, options: Mapping[str, Any]) -> Spec:
    axis = {"format": "%"} if options.get("share", True) else {}
    return {
        "field": name,
        "type": "quantitative",
        "axis": axis,
        "title": options.get("x", ""),
        "scale": {"zero": options.get("zero", False)},
    }


def bars(rows: Rows, options: Mapping[str, Any]) -> Spec:
    """Horizontal bars with their numbers. Rows: name, value, part (stacked where there are several; `shades` tell them apart without colour)."""
    parts = list(dict.fromkeys(str(row.get("part", "")) for row in rows))
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": NAMES}}
    x = {"field": "value", "type": "quantitative", "title": options.get("x", ""), "stack": "zero"}
    colour: Spec = {"value": ACCENT}
    if len(parts) > 1:
        scale = {"domain": parts, "range": options.get("colours", PALETTE)}
        legend = {"columns": 3, "columnPadding": 36, "labelLimit": NAMES}
        colour = {"field": "part", "type": "nominal", "sort": parts, "title": None, "scale": scale, "legend": legend}
    order = {"field": "rank", "type": "quantitative"}
    ranked = [{**row, "rank": parts.index(str(row.get("part", "")))} for row in rows]
    mark = {"type": "bar", "height": {"band": 0.7}, "stroke": INK, "strokeWidth": 0.4}
    shades = (
        {"opacity": {**colour, "scale": {"domain": parts, "type": "ordinal", "range": options["shades"]}}}
        if len(parts) > 1 and "shades" in options
        else {}
    )
    layers: list[Spec] = [{"mark": mark, "encoding": {"x": x, "y": y, "color": colour, "order": order, **shades}}]
    if len(parts) == 1:
        text = {"type": "text", "align": "left", "dx": 5, "color": INK}
        said = (
            {"field": "said", "type": "nominal"}
            if rows and "said" in rows[0]
            else {"field": "value", "type": "quantitative", "format": ",.4~g"}
        )
        layers.append({"mark": text, "encoding": {"x": x, "y": y, "text": said}})
    return {"width": WIDTH - 120, "height": {"step": 28}, "data": {"values": ranked}, "layer": layers}


def spans(rows: Rows, options: Mapping[str, Any]) -> Spec:
    """How long things take: a bar over the middle half, a point at the middle with its days, a tick at nine of ten. Rows: name, low, median, high, most."""
    y = {"field": "name", "type": "nominal", "sort": [row["name"] for row in rows], "title": None, "axis": {"labelLimit": NAMES}}
    x = {"type": "quantitative", "title": options.get("x", ""), "scale": {"zero": True}}

    def at(name: str, mark: Spec, **more: Spec) -> Spec:
        drawn = [row for row in rows if row[name] is not None and all(row[one["field"]] is not None for one in more.values())]
        return {"data": {"values": drawn}, "mark": mark, "encoding": {"x": {**x, "field": name}, "y": y, **more}}

    layers = [
        at("low", {"type": "bar", "height": {"band": 0.45}, "color": ACCENT, "opacity": 0.35}, x2={"field": "high"}),
        at("median", {"type": "point", "filled": True, "size": 110, "color": ACCENT, "opacity": 1}),
        at("most", {"type": "tick", "color": INK, "thickness": 2, "size": 16}),
        at("median", {"type": "text", "dy": -13, "color": INK}, text={"field": "median", "type": "quantitative", "format": ",.0f"}),
    ]
    return {"width": WIDTH - 180, "height": {"step": 40}, "layer": layers}


def lines(rows: Rows, options: Mapping[str, Any]) -> Spec:
    """Lines over time that differ by dash and shape too. Rows: at, value, line."""
    names = list(dict.fromkeys(str(row["line"]) for row in rows))
    x = {
        "field": "at",
        "type": options.get("scale", "ordinal"),
        "title": options.get("x"),
        "sort": None,
        "axis": {"labelAngle": 0, "labelOverlap": True},
    }
    y = {"field": "value", "type": "quantitative", "title": options.get("y", ""), "axis": {"format": "%"} if options.get("share") else {}}
    colour = {"field": "line", "type": "nominal", "sort": names, "title": None, "scale": {"domain": names, "range": PALETTE}}
    dash = {"field": "line", "type": "nominal", "sort": names, "legend": None}
    shape = {"field": "line", "type": "nominal", "sort": names, "title": None}
    stepped = {"interpolate": "step-after"} if options.get("steps") else {}
    layers: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": 2, **stepped}, "encoding": {"x": x, "y": y, "color": colour, "strokeDash": dash}}
    ]
    if not options.get("steps"):
        layers.append(
            {"mark": {"type": "point", "filled": True, "size": 50}, "encoding": {"x": x, "y": y, "color": colour, "shape": shape}}
        )
    return {"width": WIDTH, "height": 240, "data": {"values": list(rows)}, "layer": layers}


SPECS: Mapping[str, Callable[[Rows, Mapping[str, Any]], Spec]] = {
    "control": control,
    "intervals": intervals,
    "bars": bars,
    "spans": spans,
    "lines": lines,
}
