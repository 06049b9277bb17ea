"""Rescue: what reminders and calls bring. What the lot compared is told as an effect; what rang because somebody had stalled is told as
what followed, and never as what it brought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.reports.rescued import ARMS, STATES, Compared, Rung, compared, rungs, since_of
from pathways.reports.arms import Arm, Effect, arm, at_best
from pathways.reports.cohort import Question
from pathways.reports.estimators import Estimate
from pathways.reports.freshness import freshness, in_force
from pathways.reports.hiding import for_eyes
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.sheet import About, Cell, Column, Drawing, Kind, Sheet, Sum, Table, count, estimated, words

WITHIN = 14
"""Days after a rung within which a wait is looked at (local default)."""
BEFORE_AFTER = "before-after"
REFUSED = gettext_noop(
    "Not answered: before and after. A rung rings for patients chosen because they had stalled, and whoever is chosen at their worst is on average better afterwards, with or without us (regression to the mean). Only patients whom the lot told apart can say what a reminder brings: declare a comparison on the rung (docs/pathways.md)."
)
ASSOCIATION = gettext_noop(
    "Nobody was chosen by lot here: this is association. It says how soon waits ended after a rung, not that they ended because of it; later rungs ring for those who stalled longer."
)
NO_LOT = gettext_noop("No reminder is compared by lot here, so nothing on this page says what a reminder brings: it shows association.")
SAID = {"now": gettext_noop("reminded in time"), "later": gettext_noop("reminded later")}
TO = {
    "patient": gettext_noop("text to the patient"),
    "accountable": gettext_noop("accountable navigator"),
    "responsible": gettext_noop("responsible clinician"),
}


def rescue(question: Question, *, exact: bool) -> Sheet:
    if question.compare == BEFORE_AFTER:
        return Sheet("rescue", _("What reminders and calls bring"), (), _about(question), (), refused=REFUSED)
    trials, rang = compared(question), rungs(question)
    sheet = Sheet(
        name="rescue",
        title=_("What reminders and calls bring"),
        says=(),
        about=_about(question),
        tables=(_effects(trials), _arms(trials), _sites(trials), _rungs(rang)),
        sums=(*_sums(trials, rang),),
        latent=dict(_latent(trials)),
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


# by lot


def _key(one: Compared, *parts: str) -> str:
    return ":".join(("trial", str(one.trial.pk), *parts))


def _effects(trials: Sequence[Compared]) -> Table:
    columns = (
        Column("comparison", "comparison", Kind.WORDS),
        Column("difference", _("more moved on when reminded in time"), Kind.POINTS),
        Column("days_saved", _("days waited less"), Kind.DAYS),
        Column("to_contact", _("to contact for one more"), Kind.WORDS),
        Column("needed", "needed", Kind.NUMBER, filed=True),
        Column("needed_low", _("needed, at best"), Kind.NUMBER, filed=True),
        Column("needed_high", _("needed, at worst"), Kind.NUMBER, filed=True),
        Column("state", "state", Kind.WORDS),
    )
    rows = tuple(_effect(one, one.effect) for one in trials)
    return Table("effects", _("What being reminded in time brings"), columns, rows, empty=NO_LOT)


def _effect(one: Compared, found: Effect) -> tuple[Cell, ...]:
    rests = tuple(_key(one, name, state) for name in ARMS for state in STATES)
    need = found.needed
    return (
        words(_named(one)),
        replace(estimated(found.difference, *rests), precise=True),
        replace(estimated(found.saved, *rests), precise=True),
        Cell(_to_contact(found), rests_on=rests, precise=True),
        *(Cell(value, rests_on=rests, precise=True) for value in (need.value, need.low, need.high)),
        words(_state(one)),
    )


def _named(one: Compared) -> str:
    return f"{one.trial.protocol}: {one.trial.label}"


def _state(one: Compared) -> str:
    if one.trial.stopped_at:
        return _("ended early: %(stopped_why)s") % {"stopped_why": one.trial.stopped_why}
    return _("until %(until)s") % {"until": f"{one.trial.until:%d %b %Y}"}


def _to_contact(found: Effect) -> str:
    gap, need = found.difference, found.needed
    if gap.value is None:
        return _("too early to say")
    if need.value is None or need.low is None or need.high is None:
        return _("cannot be said: %(gap)s at best, and perhaps none helps") % {"gap": f"{at_best(gap):.0f}"}
    if need.value < 0:
        return _("one less for every %(value)s (%(high)s to %(low)s)") % {
            "value": f"{-need.value:.0f}",
            "high": f"{-need.high:.0f}",
            "low": f"{-need.low:.0f}",
        }
    return _("%(value)s (%(low)s to %(high)s)") % {"value": f"{need.value:.0f}", "low": f"{need.low:.0f}", "high": f"{need.high:.0f}"}


def _arms(trials: Sequence[Compared]) -> Table:
    columns = (
        Column("comparison", "comparison", Kind.WORDS),
        Column("arm", _("by lot"), Kind.WORDS),
        Column("patients", "patients"),
        Column("moved", _("moved on")),
        Column("left", _("left, or a setback")),
        Column("waiting", "neither"),
        Column("share", _("share moved on"), Kind.SHARE),
        Column("median_days", _("median days"), Kind.DAYS),
        Column("texts", _("texts a patient"), Kind.NUMBER),
        Column("opted_out", _("opted out")),
        Column("harmed", _("complaints and harm")),
    )
    rows = tuple(_arm(one, name, part) for one in trials for name, part in zip(ARMS, _parts(one), strict=True))
    note = _(
        "Within each comparison's horizon. Share: Aalen-Johansen with Wilson's limits. Complaints are what was reported as an incident."
    )
    return Table("arms", _("By lot, and as the lot put them"), columns, rows, note=note if rows else "", empty=NO_LOT)


def _parts(one: Compared) -> tuple[Arm, Arm]:
    found = one.effect
    return found.first, found.second


def _arm(one: Compared, name: str, part: Arm) -> tuple[Cell, ...]:
    chosen = one.of(name)
    rests = tuple(_key(one, name, state) for state in STATES)
    later = "" if name == "now" else _(" by %(days)s days") % {"days": one.trial.delay.days} if one.trial.delay else _(", when due")
    return (
        words(_named(one), _("within %(horizon_days)s days") % {"horizon_days": one.trial.horizon_days}),
        words(f"{SAID[name]}{later}"),
        count(part.n, key=_key(one, name), opens=_key(one, name)),
        *(count(getattr(part, state), key=_key(one, name, state), opens=_key(one, name, state)) for state in STATES),
        estimated(part.share, *rests),
        replace(estimated(part.median_days, *rests), precise=True),
        Cell(float(one.texts[chosen].mean()) if part.n else None, rests_on=(_key(one, name),), precise=True),
        count(int(one.stopped[chosen].sum()), key=_key(one, name, "stopped"), opens=_key(one, name, "stopped")),
        count(int(one.harmed[chosen].sum()), key=_key(one, name, "harmed"), opens=_key(one, name, "harmed")),
    )


def _sites(trials: Sequence[Compared]) -> Table:
    columns = (
        Column("comparison", "comparison", Kind.WORDS),
        Column("site", "site", Kind.WORDS),
        Column("now", SAID["now"]),
        Column("later", SAID["later"]),
    )
    rows = tuple(
        (
            words(_named(one)),
            words(site),
            *(
                count(int((here & one.of(name)).sum()), key=_key(one, name, f"site {site}"), opens=_key(one, name, f"site {site}"))
                for name in ARMS
            ),
        )
        for one in trials
        for site in _site_names(one)
        for here in [one.sites == site]
    )
    note = _("Lots are drawn in blocks of each site, so the two columns stand in the declared proportion up to an unfinished block.")
    return Table("sites", _("Balance by site"), columns, rows, note=note if rows else "", empty=_("Nobody was drawn."))


def _site_names(one: Compared) -> list[str]:
    return sorted(set(one.sites.tolist()))


# what followed


def _rungs(rang: Sequence[Rung]) -> Table:
    columns = (
        Column("programme", "programme", Kind.WORDS),
        Column("wait", "wait", Kind.WORDS),
        Column("rung", "rung", Kind.WORDS),
        Column("to", "to", Kind.WORDS),
        Column("waits", "waits"),
        Column("moved", _("moved on within %(WITHIN)s days") % {"WITHIN": WITHIN}),
        Column("left", _("left, or a setback")),
        Column("waiting", "neither"),
        Column("share", _("share moved on within %(WITHIN)s days") % {"WITHIN": WITHIN}, Kind.SHARE),
        Column("median_days", _("median days after it"), Kind.DAYS),
    )
    return Table(
        "rungs", _("What followed each rung: association"), columns, tuple(map(_rung, rang)), note=ASSOCIATION, empty=_("Nothing rang.")
    )


def _rung(one: Rung) -> tuple[Cell, ...]:
    found, key = arm(one.rows.follow, WITHIN), f"rung:{one.key}"
    rests = tuple(f"{key}:{state}" for state in STATES)
    return (
        words(one.pathway),
        words(one.label),
        words(one.when),
        words(TO.get(one.audience, one.audience)),
        count(found.n, key=key, opens=key),
        *(count(getattr(found, state), key=f"{key}:{state}", opens=f"{key}:{state}") for state in STATES),
        estimated(found.share, *rests),
        replace(estimated(found.median_days, *rests), precise=True),
    )


# what adds up


def _sums(trials: Sequence[Compared], rang: Sequence[Rung]) -> Iterator[Sum]:
    for one in trials:
        for name in ARMS:
            yield Sum(_key(one, name), tuple(_key(one, name, state) for state in STATES))
            yield Sum(_key(one, name), tuple(_key(one, name, f"site {site}") for site in _site_names(one)))
            for what in ("stopped", "harmed"):
                yield Sum(_key(one, name), (_key(one, name, what), _key(one, name, f"not {what}")))
    for rung in rang:
        yield Sum(f"rung:{rung.key}", tuple(f"rung:{rung.key}:{state}" for state in STATES))


def _latent(trials: Sequence[Compared]) -> Iterator[tuple[str, int]]:
    for one in trials:
        for name in ARMS:
            chosen = one.of(name)
            yield _key(one, name, "not stopped"), int(np.count_nonzero(chosen & ~one.stopped))
            yield _key(one, name, "not harmed"), int(np.count_nonzero(chosen & ~one.harmed))


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
    name, days = _named(one), one.trial.horizon_days
    if gap.hidden:
        return _("%(name)s: the numbers are for those who may open the patients behind them.") % {"name": name}
    if gap.value is None or gap.low is None or gap.high is None:
        return _("%(name)s: nobody of both groups has been followed for %(days)s days yet.") % {"name": name, "days": days}
    found = Estimate(float(str(gap.value)), gap.low, gap.high)
    points = (
        _("%(value)s (%(low)s to %(high)s)") % {"value": f"{found.value:+.0%}", "low": f"{gap.low:+.0%}", "high": f"{gap.high:+.0%}"}
    ).replace("-", "\N{MINUS SIGN}")
    if gap.low <= 0 <= gap.high:
        return _("%(name)s: whether being reminded in time helps cannot be told yet; %(points)s moved on within %(days)s days.") % {
            "name": name,
            "points": points,
            "days": days,
        }
    if found.value and found.value > 0:
        return _(
            "%(name)s: being reminded in time helps; %(points)s more moved on within %(days)s days: one more for every %(value)s contacted."
        ) % {"name": name, "points": points, "days": days, "value": needed.value}
    return _("%(name)s: being reminded in time does harm; %(points)s moved on within %(days)s days.") % {
        "name": name,
        "points": points,
        "days": days,
    }


def _drawn(shown: Sheet) -> Iterator[Drawing]:
    rows = shown.table("arms").rows
    if marks := _marks(rows, lambda row: f"{row[1].value}, {row[0].value}", 6):
        yield Drawing("intervals", _("Share moved on, by lot"), _told(marks), tuple(marks), {"x": _("share moved on within the horizon")})
    rungs = sorted(shown.table("rungs").rows, key=lambda row: -(row[4].value if isinstance(row[4].value, int) else 0))[:12]
    if marks := _marks(rungs, lambda row: f"{row[1].value}, {row[2].value}", 8):
        title = _("Share moved on within %(WITHIN)s days of a rung: association") % {"WITHIN": WITHIN}
        yield Drawing(
            "intervals", title, _told(marks), tuple(marks), {"x": _("share moved on within %(WITHIN)s days") % {"WITHIN": WITHIN}}
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
