"""Rescue: what reminders and calls bring. What the lot compared is told as an effect; what rang because somebody had stalled is told as
what followed, and never as what it brought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.reports.rescue_tables import NO_LOT, WITHIN, arms_table, effects_table, latent, named, rungs_table, sites_table, sums
from notifications.reports.rescued import ARMS, STATES, Compared, compared, rungs, since_of
from pathways.reports.cohort import Question
from pathways.reports.estimators import Estimate
from pathways.reports.freshness import freshness, in_force
from pathways.reports.hiding import for_eyes
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.sheet import About, Cell, Drawing, Sheet
from patients.templatetags.finalmile import points

BEFORE_AFTER = "before-after"
REFUSED = gettext_noop(
    "Not answered: before and after. A rung rings for patients chosen because they had stalled, and whoever is chosen at their worst is on average better afterwards, with or without us (regression to the mean). Only patients whom the lot told apart can say what a reminder brings: declare a comparison on the rung (docs/pathways.md)."
)


def rescue(question: Question, *, exact: bool) -> Sheet:
    if question.compare == BEFORE_AFTER:
        return Sheet("rescue", _("What reminders and calls bring"), (), _about(question), (), refused=REFUSED)
    trials, rang = compared(question), rungs(question)
    sheet = Sheet(
        name="rescue",
        title=_("What reminders and calls bring"),
        says=(),
        about=_about(question),
        tables=(effects_table(trials), arms_table(trials), sites_table(trials), rungs_table(rang)),
        sums=(*sums(trials, rang),),
        latent=dict(latent(trials)),
        notes=(
            (
                _(
                    "By lot: everybody counts where the lot put them, also if they were never texted or heard twice (intention to treat); exits compete. Limits are Newcombe's; how many to contact is not given where the interval of the difference holds 0. Opting out, harm and texts count within the horizon."
                )
            ),
            _("Each comparison and each of its measures can mislead by chance: of twenty intervals one misses."),
        ),
    )
    shown = for_eyes(sheet, exact=exact)
    return replace(shown, says=tuple(_says(trials, shown)), drawings=tuple(_drawn(shown)))


def _about(question: Question) -> About:
    return About(
        as_of=question.as_of,
        programme=question.pathway,
        versions=in_force(question.pathway),
        fresh=freshness(question.sites, now=question.as_of),
        whom=_(
            "Comparisons: everybody drawn. Rungs: waits in which one rang from %(question)s on, each once a rung; one patient may wait several times"
        )
        % {"question": f"{since_of(question):%d %b %Y}"},
        censoring=_(
            "Who still waits counts for as long as they could be followed; who was handed over, until then. What is entered late may still change it."
        ),
        horizon_days=WITHIN,
    )


# in words and as a picture, of what the reader may see


def _says(trials: Sequence[Compared], shown: Sheet) -> Iterator[str]:
    if not trials:
        yield _(NO_LOT)
        return
    for one, row in zip(trials, shown.table("effects").rows, strict=True):
        yield _said(one, row[1], row[3])
    yield _(
        "What followed the other rungs is association: who is reached there was chosen because of a stall. Looked at %(WITHIN)s days after each."
    ) % {"WITHIN": WITHIN}


def _said(one: Compared, gap: Cell, needed: Cell) -> str:
    name, days = named(one), one.trial.horizon_days
    if gap.hidden:
        return _("%(name)s: the numbers are for those who may open the patients behind them.") % {"name": name}
    if gap.value is None or gap.low is None or gap.high is None:
        return _("%(name)s: nobody of both groups has been followed for %(days)s days yet.") % {"name": name, "days": days}
    found = Estimate(float(str(gap.value)), gap.low, gap.high)
    said = _("%(value)s (%(low)s to %(high)s)") % {"value": points(found.value or 0.0), "low": points(gap.low), "high": points(gap.high)}
    if gap.low <= 0 <= gap.high:
        return _(
            "%(name)s: whether being reminded in time helps cannot be told yet: within %(days)s days the difference in who moved on is %(points)s."
        ) % {
            "name": name,
            "points": said,
            "days": days,
        }
    if found.value and found.value > 0:
        return _(
            "%(name)s: being reminded in time helps; %(points)s more moved on within %(days)s days: one more for every %(value)s contacted."
        ) % {"name": name, "points": said, "days": days, "value": needed.value}
    return _("%(name)s: being reminded in time does harm; %(points)s moved on within %(days)s days.") % {
        "name": name,
        "points": said,
        "days": days,
    }


def _drawn(shown: Sheet) -> Iterator[Drawing]:
    rows = shown.table("arms").rows
    if marks := _marks(rows, lambda row: f"{row[1].value} ({str(row[0].value).partition(':')[0]})", 6):
        yield Drawing(
            "intervals",
            _("Share moved on, by lot"),
            _told(marks),
            tuple(marks),
            {"x": _("share moved on within the horizon"), "zero": True},
        )
    rungs = sorted(shown.table("rungs").rows, key=lambda row: -(row[4].value if isinstance(row[4].value, int) else 0))[:12]
    if marks := _marks(rungs, lambda row: f"{row[1].value}, {row[2].value}", 8):
        title = _("Share moved on within %(WITHIN)s days of a rung: association") % {"WITHIN": WITHIN}
        yield Drawing(
            "intervals",
            title,
            _told(marks),
            tuple(marks),
            {"x": _("share moved on within %(WITHIN)s days") % {"WITHIN": WITHIN}, "zero": True},
        )


def _marks(rows: Sequence[tuple[Cell, ...]], name: object, at: int) -> list[dict[str, object]]:
    assert callable(name)
    seen = [row for row in rows if not row[at].hidden and row[at].value is not None]
    return [{"name": name(row), "value": row[at].value, "low": row[at].low, "high": row[at].high} for row in seen]


def _told(marks: Sequence[dict[str, object]]) -> str:
    return "; ".join(f"{one['name']}: {float(str(one['value'])):.0%}" for one in marks)


# behind a number


def rescue_rows(question: Question, number: str) -> Rows:
    """`trial:<id>:<arm>[:what]` or `rung:<programme>:<stage>:<n>:<audience>[:state]`."""
    kind, *rest = number.split(":")
    if kind == "trial" and len(rest) in (2, 3):
        return _of_trial(question, number, *rest)
    if kind == "rung" and len(rest) in (4, 5):
        return _of_rung(question, number, ":".join(rest[:4]), rest[4] if len(rest) == 5 else "")
    raise UnknownNumber(number)


def _of_trial(question: Question, number: str, pk: str, name: str, what: str = "") -> Rows:
    one = next((one for one in compared(question) if str(one.trial.pk) == pk), None)
    if one is None or name not in ARMS:
        raise UnknownNumber(number)
    marked = {"stopped": one.stopped, "harmed": one.harmed}
    if what in STATES:
        return Rows(Behind.JOURNEYS, one.rows.where(one.of(name)).in_state(what, one.trial.horizon_days).journeys.tolist())
    if what and what not in marked and not what.startswith("site "):
        raise UnknownNumber(number)
    also = marked[what] if what in marked else one.sites == what.removeprefix("site ") if what else one.of(name)
    return Rows(Behind.JOURNEYS, one.rows.where(one.of(name) & also).journeys.tolist())


def _of_rung(question: Question, number: str, key: str, state: str) -> Rows:
    one = next((one for one in rungs(question) if one.key == key), None)
    if one is None or state not in ("", *STATES):
        raise UnknownNumber(number)
    rows = one.rows.in_state(state, WITHIN) if state else one.rows
    return Rows(Behind.JOURNEYS, rows.journeys.tolist())
