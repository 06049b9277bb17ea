"""The tables of the rescue report: what the lot compared, how it is balanced, what followed each rung, and which of the counts add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.reports.rescued import ARMS, STATES, Compared, Rung
from pathways.deadlines import Duration
from pathways.reports.arms import Arm, Effect, arm, at_best
from pathways.reports.sheet import Cell, Column, Kind, Sum, Table, count, estimated, words
from patients.templatetags.finalmile import translated

WITHIN = 14
"""Days after a rung within which a wait is looked at (local default)."""
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


# by lot


def _key(one: Compared, *parts: str) -> str:
    return ":".join(("trial", str(one.trial.pk), *parts))


def effects_table(trials: Sequence[Compared]) -> Table:
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
        words(named(one)),
        replace(estimated(found.difference, *rests), precise=True),
        replace(estimated(found.saved, *rests), precise=True),
        Cell(_to_contact(found), rests_on=rests, precise=True),
        *(Cell(value, rests_on=rests, precise=True) for value in (need.value, need.low, need.high)),
        words(_state(one)),
    )


def named(one: Compared) -> str:
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


def arms_table(trials: Sequence[Compared]) -> Table:
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
    later = (
        ""
        if name == "now"
        else _(" by %(length)s") % {"length": translated(str(Duration(one.trial.delay.days, "days")))}
        if one.trial.delay
        else _(", when due")
    )
    return (
        words(named(one), _("within %(horizon_days)s days") % {"horizon_days": one.trial.horizon_days}),
        words(f"{SAID[name]}{later}"),
        count(part.n, key=_key(one, name), opens=_key(one, name)),
        *(count(getattr(part, state), key=_key(one, name, state), opens=_key(one, name, state)) for state in STATES),
        estimated(part.share, *rests),
        replace(estimated(part.median_days, *rests), precise=True),
        Cell(float(one.texts[chosen].mean()) if part.n else None, rests_on=(_key(one, name),), precise=True),
        count(int(one.stopped[chosen].sum()), key=_key(one, name, "stopped"), opens=_key(one, name, "stopped")),
        count(int(one.harmed[chosen].sum()), key=_key(one, name, "harmed"), opens=_key(one, name, "harmed")),
    )


def sites_table(trials: Sequence[Compared]) -> Table:
    columns = (
        Column("comparison", "comparison", Kind.WORDS),
        Column("site", "site", Kind.WORDS),
        Column("now", SAID["now"]),
        Column("later", SAID["later"]),
    )
    rows = tuple(
        (
            words(named(one)),
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


def rungs_table(rang: Sequence[Rung]) -> Table:
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
    most = sorted(rang, key=lambda one: -len(one.rows.journeys))
    return Table(
        "rungs", _("What followed each rung: association"), columns, tuple(map(_rung, most)), note=ASSOCIATION, empty=_("Nothing rang.")
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


def sums(trials: Sequence[Compared], rang: Sequence[Rung]) -> Iterator[Sum]:
    for one in trials:
        for name in ARMS:
            yield Sum(_key(one, name), tuple(_key(one, name, state) for state in STATES))
            yield Sum(_key(one, name), tuple(_key(one, name, f"site {site}") for site in _site_names(one)))
            for what in ("stopped", "harmed"):
                yield Sum(_key(one, name), (_key(one, name, what), _key(one, name, f"not {what}")))
    for rung in rang:
        yield Sum(f"rung:{rung.key}", tuple(f"rung:{rung.key}:{state}" for state in STATES))


def latent(trials: Sequence[Compared]) -> Iterator[tuple[str, int]]:
    for one in trials:
        for name in ARMS:
            chosen = one.of(name)
            yield _key(one, name, "not stopped"), int(np.count_nonzero(chosen & ~one.stopped))
            yield _key(one, name, "not harmed"), int(np.count_nonzero(chosen & ~one.harmed))
