"""The dated rules that make a finding actionable on a journey, as they read in the version of the knowledge that flagged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.views.biomarkers import name_of
from pathways.knowledge import load
from pathways.knowledge.schema import PgxRule, TherapyRule
from pathways.models import Event
from patients.templatetags.finalmile import words

FLAGS = {
    "flagged_actionable": gettext_lazy("actionable now"),
    "later_line_actionable": gettext_lazy("actionable in a later line"),
    "interaction_flagged": gettext_lazy("drug affected"),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """One rule behind a flag. `dated` is the day of the label edition or guideline; `known` says whether the rule still stands here."""

    rule: str
    says: str
    flag: str
    findings: str
    dated: date | None
    source: str
    status: str
    flagged_at: datetime
    knowledge: str


def grounds(flags: Iterable[Event]) -> list[Ground]:
    """Each rule once, by the latest flag that names it."""
    found: dict[str, Ground] = {}
    for event in flags:
        if event.kind in FLAGS:
            about = ", ".join(dict.fromkeys(name_of(finding) for finding in event.body.get("findings") or ()))
            for rule in event.body.get("rules") or ():
                found[str(rule)] = _ground(str(rule), event, about)
    return list(found.values())


def _ground(name: str, event: Event, about: str) -> Ground:
    knowledge = load()
    rule = knowledge.rules.get(name) or knowledge.pgx_rules.get(name)
    version = str((event.basis or {}).get("knowledge") or "") if isinstance(event.basis, dict) else ""
    if rule is None:
        return Ground(name, "", str(FLAGS[event.kind]), about, None, "", _("not among the rules of today"), event.occurred_lo, version)
    dated = rule.approved if isinstance(rule, TherapyRule) else rule.published
    status = (
        "verified"
        if rule.status == "verified"
        else _("taken over by %(approved_by)s") % {"approved_by": rule.approved_by}
        if rule.approved_by
        else "unverified"
    )
    return Ground(name, _says(rule), str(FLAGS[event.kind]), about, dated, str(rule.source), status, event.occurred_lo, version)


def _says(rule: TherapyRule | PgxRule) -> str:
    if isinstance(rule, PgxRule):
        return f"{rule.gene}: {', '.join(words(one).lower() for one in rule.phenotypes)}"
    parts = [
        ", ".join(rule.genes),
        ", ".join(words(one).lower() for one in rule.classes),
        _("line %(line)s") % {"line": rule.line},
        _("stage %(stages)s") % {"stages": ", ".join(rule.stages)},
    ]
    return " · ".join(part for part in parts if part)
