"""Whom the losses fall on: strata against the largest one at a single horizon, with interval, and where on the path each gap opens.

Everything here is worked out from what the drop-off report shows its reader, so nothing that it hides can come back through a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, log
from typing import Any

from django.utils.translation import gettext

from pathways.reports import behind, shown
from pathways.reports import drop_off as losing
from pathways.reports.cohort import UNKNOWN, Question, UnknownReport
from pathways.reports.freshness import versions
from pathways.reports.rows import Rows, UnknownNumber
from pathways.reports.sheet import Cell, Column, Drawing, Kind, Sheet, Table, told, words
from pathways.reports.sheets import CENSORED, about

FIELDS = ("race", "ethnicity", "language", "payer", "rurality", "sex", "age", "site")
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Gap:
    """A stratum beside the reference: the difference in the share that goes the whole way, and the step that carries most of it."""

    name: str
    n: int | None
    share: Mapping[str, float | None] | None
    difference: float | None
    low: float | None
    high: float | None
    opens_at: str
    carries: float | None
    unknown: bool


def equity(question: Question, *, exact: bool) -> Sheet:
    if question.by and question.by not in FIELDS:
        raise UnknownReport(f"equity is asked by {', '.join(FIELDS)}")
    by = question.by or FIELDS[0]
    read = losing.read(replace(question, by=""))
    answers = dict(_answers(read, FIELDS, exact))
    answer = answers[by]
    reference, gaps = compare(answer)
    known = [gap for gap in gaps if gap.difference is not None and gap.name != reference]
    telling = _telling(known)
    return Sheet(
        name="equity",
        title=gettext("Whom it hurts most"),
        says=tuple(_says(by, reference, known, telling, question.horizon_days)),
        about=about(replace(question, by=by), of=versions(answer["versions"]), censoring=gettext(CENSORED), suppressed=not exact),
        drawings=tuple(_drawn(by, gaps, answer, question.horizon_days)),
        tables=(_gaps(by, gaps, reference, exact), _steps(by, answer), _fields(answers, exact)),
        notes=(
            (
                gettext(
                    "%(n)s strata are compared, each with 95 %% limits; by chance alone about one in twenty would seem to differ. A gap points to where to look; it does not say why."
                )
                % {"n": len(known)}
            ),
        ),
    )


def headline(read: losing.Read, *, exact: bool) -> str:
    """The sentence that the report begins with, of a cohort that was read for another."""
    by, horizon = FIELDS[0], read.found.question.horizon_days
    reference, gaps = compare(dict(_answers(read, [by], exact))[by])
    known = [gap for gap in gaps if gap.difference is not None and gap.name != reference]
    return next(iter(_says(by, reference, known, _telling(known), horizon)))


def _telling(known: Sequence[Gap]) -> list[Gap]:
    """Those whose limits leave no difference out of the question."""
    return [gap for gap in known if gap.high is not None and gap.low is not None and (gap.high < 0 or gap.low > 0)]


def _answers(read: losing.Read, fields: Sequence[str], exact: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the drop-off report shows its reader by each field, from one read."""
    for field, parts in read.found.apart(fields).items():
        yield field, shown.drop_off(read.report(parts, by=field), exact=exact)


def compare(answer: Mapping[str, Any]) -> tuple[str, list[Gap]]:
    """Every stratum against the largest whose value is known. Limits of a difference by Newcombe's method from those of the shares."""
    strata = answer["strata"]
    sized = [name for name, part in strata.items() if name != UNKNOWN and part["n"] is not None and _value(part["whole"]) is not None]
    reference = max(sized, key=lambda name: (strata[name]["n"], name), default="")
    return reference, [_gap(name, part, strata.get(reference)) for name, part in strata.items()]


def _value(rate: Mapping[str, float | None] | None) -> float | None:
    return None if rate is None else rate["value"]


def _gap(name: str, part: Mapping[str, Any], other: Mapping[str, Any] | None) -> Gap:
    mine, theirs = part["whole"], other["whole"] if other else None
    if other is None or mine is None or theirs is None or mine["value"] is None or theirs["value"] is None:
        return Gap(name, part["n"], mine, None, None, None, "", None, name == UNKNOWN)
    difference = mine["value"] - theirs["value"]
    low, high = difference_limits(mine, theirs)
    step, carries = _opens_at(part["steps"], other["steps"]) if abs(difference) > LEAST else ("", None)
    return Gap(name, part["n"], mine, difference, low, high, step, carries, name == UNKNOWN)


def difference_limits(one: Mapping[str, float | None], other: Mapping[str, float | None]) -> tuple[float | None, float | None]:
    """95 % limits of `one - other` from the limits of both (Newcombe 1998, method 10); None where one has none."""
    p, low_p, high_p, q, low_q, high_q = (side[name] for side in (one, other) for name in ("value", "low", "high"))
    if p is None or q is None or low_p is None or high_p is None or low_q is None or high_q is None:
        return None, None
    return p - q - hypot(p - low_p, high_q - q), p - q + hypot(high_p - p, q - low_q)


def _opens_at(mine: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> tuple[str, float | None]:
    """The step whose conversions differ most on the scale on which steps add up (logarithms), and its share of the whole gap."""
    pairs = [(a["label"], _value(a["conversion"]), _value(b["conversion"])) for a, b in zip(mine, theirs, strict=True)]
    parts = [(label, log(max(a, LEAST)) - log(max(b, LEAST))) for label, a, b in pairs if a is not None and b is not None]
    total = sum(part for _, part in parts)
    if not parts or abs(total) < LEAST:
        return "", None
    label, most = max(parts, key=lambda one: one[1] / total)
    return label, most / total


def _says(by: str, reference: str, known: Sequence[Gap], telling: Sequence[Gap], horizon: int) -> Iterator[str]:
    if not known:
        yield gettext("No two groups by %(by)s are large enough to compare.") % {"by": by}
        return
    worst = min(telling or known, key=lambda gap: gap.difference or 0.0)
    if not telling:
        yield gettext("No group by %(by)s differs from %(reference)s by more than chance would allow, within %(horizon)s days.") % {
            "by": by,
            "reference": reference,
            "horizon": horizon,
        }
    elif (worst.difference or 0.0) < 0:
        yield gettext("%(group)s: %(fewer)s fewer go the whole way within %(horizon)s days than of %(reference)s.") % {
            "group": worst.name,
            "fewer": f"{-(worst.difference or 0):.0%}",
            "horizon": horizon,
            "reference": reference,
        }
        if worst.opens_at:
            yield gettext("Most of that gap opens before “%(step)s”.") % {"step": worst.opens_at}
    else:
        yield gettext("%(n)s of %(known)s groups differ from %(reference)s, none for the worse beyond chance.") % {
            "n": len(telling),
            "known": len(known),
            "reference": reference,
        }


def _gaps(by: str, gaps: Sequence[Gap], reference: str, exact: bool) -> Table:
    columns = (
        Column("stratum", by, Kind.WORDS),
        Column("n", "journeys"),
        Column("share", gettext("whole way"), Kind.SHARE),
        Column("gap", gettext("against the reference"), Kind.POINTS),
        Column("opens_at", gettext("opens before"), Kind.WORDS),
        Column("carries", gettext("of the gap"), Kind.NUMBER, filed=True),
    )
    rows = tuple(
        (
            words(gap.name, gettext("the reference: the largest") if gap.name == reference else ""),
            told(gap.n, f"{by}|{gap.name}" if exact else ""),
            Cell(hidden=True) if gap.share is None else Cell(gap.share["value"], gap.share["low"], gap.share["high"]),
            Cell(hidden=gap.share is None) if gap.difference is None or gap.name == reference else Cell(gap.difference, gap.low, gap.high),
            words("" if gap.name == reference else gap.opens_at),
            Cell(None if gap.carries is None else round(gap.carries, 3)),
        )
        for gap in gaps
    )
    return Table("gaps", gettext("By %(by)s") % {"by": by}, columns, rows, note=gettext("Unknown is a group of its own"))


def _steps(by: str, answer: Mapping[str, Any]) -> Table:
    """Conversion of each step within the horizon, of the whole and of each stratum."""
    labels = [(step["name"], step["label"]) for step in answer["steps"]]
    columns = (Column("stratum", by, Kind.WORDS), *(Column(name, label, Kind.SHARE) for name, label in labels))
    parts = [("all", answer), *answer["strata"].items()]
    rows = tuple((words(name), *(_rate(step["conversion"]) for step in part["steps"])) for name, part in parts)
    return Table(
        "steps", gettext("Where on the path"), columns, rows, note=gettext("Share that reaches each step within the horizon of entering it")
    )


def _rate(rate: Mapping[str, Any] | None) -> Cell:
    return Cell(hidden=True) if rate is None else Cell(rate["value"], rate["low"], rate["high"])


def _fields(answers: Mapping[str, Mapping[str, Any]], exact: bool) -> Table:
    """How much of each field is known at all: a gap cannot be seen in what nobody wrote down."""
    rows = []
    for field, of in answers.items():
        missing = of["strata"].get(UNKNOWN)
        n = 0 if missing is None else missing["n"]
        share = None if n is None or not of["n"] else n / of["n"]
        _reference, gaps = compare(of)
        widest = min((gap for gap in gaps if gap.difference is not None), key=lambda gap: gap.difference or 0.0, default=None)
        rows.append(
            (
                words(field),
                told(n, f"{field}|{UNKNOWN}" if exact else ""),
                Cell(hidden=True) if n is None else Cell(share),
                words(widest.name if widest and widest.difference else ""),
                Cell(widest.difference, widest.low, widest.high) if widest and widest.difference else Cell(),
            )
        )
    columns = (
        Column("field", "field", Kind.WORDS),
        Column("unknown", gettext("not known")),
        Column("missing", gettext("of all"), Kind.SHARE),
        Column("widest", gettext("widest gap"), Kind.WORDS),
        Column("gap", gettext("against the largest"), Kind.POINTS),
    )
    return Table("fields", gettext("All fields"), columns, tuple(rows))


def _drawn(by: str, gaps: Sequence[Gap], answer: Mapping[str, Any], horizon: int) -> Iterator[Drawing]:
    seen = [gap for gap in gaps if gap.share and gap.share["value"] is not None]
    if len(seen) < 2:
        return
    rows = tuple({"name": gap.name, **(gap.share or {})} for gap in seen)
    said = "; ".join(f"{row['name']} {row['value']:.0%}" for row in rows)
    options = {"reference": _value(answer["whole"]), "x": gettext("go the whole way within %(horizon)s days") % {"horizon": horizon}}
    yield Drawing(
        "intervals",
        gettext("Share that goes the whole way, by %(by)s") % {"by": by},
        gettext("%(said)s. The dashed line is everybody.") % {"said": said},
        rows,
        options,
    )


def equity_rows(question: Question, number: str) -> Rows:
    """`FIELD|STRATUM`: the journeys of a stratum. Raises UnknownNumber."""
    field, _, name = number.partition("|")
    if field not in FIELDS:
        raise UnknownNumber(number)
    return behind.rows(replace(question, by=field), f"{name}|n")
