"""All programmes on the phases that they share. A phase that a programme does not have is blank, not zero; implied is said apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from pathways.definitions import registry
from pathways.reports import behind, shown
from pathways.reports import drop_off as losing
from pathways.reports.cohort import Question
from pathways.reports.freshness import in_force
from pathways.reports.rows import Rows, UnknownNumber
from pathways.reports.sheet import Cell, Column, Drawing, Kind, Sheet, Table, told, words
from pathways.reports.sheets import CENSORED, about
from pathways.timeline import PHASES
from patients.templatetags.finalmile import translated


def overview(question: Question, *, exact: bool) -> Sheet:
    found = dict(_answers(question, exact))
    known = [(title, part) for title, part in found.items() if part["whole"] and part["whole"]["value"] is not None]
    most = max(known, key=lambda one: one[1]["n"] or 0, default=None)
    says = (
        ()
        if most is None
        else (
            _("%(programme)s, the largest: %(share)s go the whole way within %(horizon)s days.")
            % {"programme": most[0], "share": f"{most[1]['whole']['value']:.0%}", "horizon": question.horizon_days},
        )
    )
    empty = sum(1 for part in found.values() if part["n"] == 0)
    return Sheet(
        name="overview",
        title=_("All programmes"),
        says=(*says, _("%(n)s of %(found)s programmes in force have had journeys.") % {"n": len(found) - empty, "found": len(found)}),
        about=about(question, of=in_force(""), censoring=_(CENSORED), suppressed=not exact),
        drawings=tuple(_drawn(known, question.horizon_days)),
        tables=(_table(found, question.horizon_days, exact),),
        notes=(
            _(
                "A blank phase is not part of the programme. A later fact may imply a phase that nobody told us of: the small print says for how many."
            ),
        ),
    )


def _answers(question: Question, exact: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for code, one in sorted(registry.published().items()):
        report = losing.drop_off(_of(question, code))
        yield translated(one.definition.title), {**shown.drop_off(report, exact=exact), "code": code}


def _of(question: Question, code: str) -> Question:
    return replace(question, pathway=code, by="", funnel="", entry=None)


def _table(found: Mapping[str, Mapping[str, Any]], horizon: int, exact: bool) -> Table:
    columns = (
        Column("programme", "programme", Kind.WORDS),
        Column("code", "code", Kind.WORDS, filed=True),
        Column("n", "journeys"),
        *(Column(phase, phase) for phase in PHASES),
        Column("open", _("under way")),
        Column("lost", _("left, preventable")),
        Column("share", _("whole way within %(horizon)s days") % {"horizon": horizon}, Kind.SHARE),
    )
    return Table("programmes", _("On the shared phases"), columns, tuple(_line(title, part, exact) for title, part in found.items()))


def _line(title: str, part: Mapping[str, Any], exact: bool) -> tuple[Cell, ...]:
    steps = {step["name"]: step for step in part["steps"]}
    lost = [step["left"]["preventable"] for step in part["steps"]]
    whole = part["whole"]

    def opens(name: str) -> str:
        return f"{part['code']}:{name}" if exact else ""

    return (
        words(title),
        words(part["code"]),
        told(part["n"], opens("n")),
        *(_phase(steps.get(phase), opens(f"{phase}/reached")) for phase in PHASES),
        told(part["open"], opens("open")),
        told(None if None in lost else sum(lost), opens("lost")),
        Cell(hidden=True) if whole is None else Cell(whole["value"], whole["low"], whole["high"]),
    )


def _phase(step: Mapping[str, Any] | None, opens: str) -> Cell:
    if step is None:
        return Cell()
    if not step["observable"]:
        return Cell(note=_("not observable here"))
    return replace(told(step["reached"], opens), note=_("%(n)s implied") % {"n": step["implied"]} if step["implied"] else "")


def overview_rows(question: Question, number: str) -> Rows:
    """`PROGRAMME:number` of its phases. Raises UnknownNumber."""
    code, _, name = number.partition(":")
    if code not in registry.published():
        raise UnknownNumber(number)
    return behind.rows(_of(question, code), name)


def _drawn(known: list[tuple[str, Mapping[str, Any]]], horizon: int) -> Iterator[Drawing]:
    rows = tuple({"name": title, **part["whole"]} for title, part in known if part["n"])
    if rows:
        said = "; ".join(f"{row['name']} {row['value']:.0%}" for row in rows)
        yield Drawing(
            "intervals", _("Whole way within %(horizon)s days") % {"horizon": horizon}, said, rows, {"x": _("share"), "zero": True}
        )
