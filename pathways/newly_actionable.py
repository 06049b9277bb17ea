"""Open journeys whose stored findings have become actionable since they were judged: shown with the difference, taken up by a clinician only.

A result is judged by the rules of its day. A rule whose label is younger than the result flags nothing by itself in a journey that is under
way, and a variant that a laboratory reclassifies flags again under a reading that somebody must notice. Closed journeys are `second_chance`;
a row that was in force already and is only now approved here flags by itself (`rejudging`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

import msgspec
from django.utils.translation import gettext_noop

from pathways import journeys, rejudging
from pathways.facts import Fact
from pathways.knowledge import Knowledge
from pathways.knowledge.derive import derive
from pathways.lineage import current
from pathways.models import Journey
from pathways.second_chance import FLAGS, as_of, genes_of, rules_of
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState
from patients.models import User

BATCH = 200
ADDED = gettext_noop("a rule that was not there, or not in force, when it was judged")
RECLASSIFIED = gettext_noop("a result that was reclassified or corrected since it was read")
REVIEWED = "knowledge_reviewed"
ANSWERS = ("actionable_confirmed", "not_actionable_confirmed", REVIEWED)


class News(msgspec.Struct, frozen=True):
    """One open journey. `rules` flag now and did not before; `since` is when the youngest of them came, or the reading changed.

    `judged_by` and `would_be` are versions of the knowledge; `findings` are genes with their alterations.
    """

    journey_id: int
    kind: str
    rules: tuple[str, ...]
    before: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]
    why: str
    since: date
    judged_by: str
    would_be: str

    @property
    def genes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(gene for gene, _ in self.findings))


def find(*, now: datetime, sites: Sequence[int] | None = None, pathway: str = "", only: int | None = None) -> list[News]:
    """All of the sites (None: of all) and programme (blank: all), the youngest change first. Reads only."""
    house = House.load(now)
    today = as_of(house.knowledge, now.date())
    under_way = _under_way(house.knowledge, sites, pathway, only)
    ids = list(dict.fromkeys(under_way.values()))
    found: list[News] = []
    for start in range(0, len(ids), BATCH):
        for patient in load(ids[start : start + BATCH], lock=False).values():
            mine = [journey for journey in patient.journeys if journey.id in under_way]
            found += [news for journey in mine if (news := _news(house, patient, journey, today)) is not None]
    return sorted(found, key=lambda one: (-one.since.toordinal(), one.journey_id))


def take_up(*, journey: Journey, news: News, reason: str, by: User, now: datetime) -> None:
    """The clinician's decision: what was found is actionable. The journey goes where its programme sends a confirmed finding."""
    for gene, alteration in news.findings:
        body = {"gene": gene, "alteration": alteration, "clinician": _name(by), "rules": list(news.rules), "reason": reason}
        journeys.record(journey=journey, kind="actionable_confirmed", body=body, occurred=now, now=now, by=by)


def set_aside(*, journey: Journey, news: News, reason: str, by: User, now: datetime) -> None:
    """The clinician looked and it changes nothing: these rules do not bring it back to the list, and nothing is ended by it."""
    body = {"clinician": _name(by), "reason": reason, "rules": list(news.rules)}
    journeys.record(journey=journey, kind=REVIEWED, body=body, occurred=now, now=now, by=by)


def _name(user: User) -> str:
    return user.get_full_name() or user.username


def _under_way(knowledge: Knowledge, sites: Sequence[int] | None, pathway: str, only: int | None) -> dict[int, int]:
    """The journeys that a change of the rules may be about, with their patients."""
    rows = rejudging.under_way(rejudging.programmes(knowledge))
    for name, value in (("home_site__in", sites), ("pathway", pathway or None), ("pk", only)):
        rows = rows if value is None else rows.filter(**{name: value})
    return dict(rows.values_list("pk", rejudging.WHOSE))


def _news(house: House, patient: PatientState, journey: JourneyState, today: Knowledge) -> News | None:
    attached = [fact for fact in patient.facts if fact.id in journey.attached]
    if any(fact.kind == "matched_therapy" for fact in attached):
        return None
    received = [fact for fact in attached if fact.basis is None]
    told, stored = current(received), [fact for fact in attached if fact.kind in FLAGS]
    would = [fact for fact in derive(house.definition(journey), told, today, versions=received) if fact.kind in FLAGS]
    new = rules_of(would) - rules_of(stored)
    read_anew = [] if new else _read_anew(attached, stored)
    rules = (new or rules_of(read_anew)) - _answered(told, read_anew)
    says = [fact for fact in (would if new else read_anew) if rules & set(fact.body.get("rules") or ())]
    if not says:
        return None
    return News(
        journey_id=journey.id,
        kind=says[-1].kind,
        rules=tuple(sorted(rules)),
        before=tuple(sorted(rules_of(stored) - rules)),
        findings=tuple(_once(one for fact in says for one in _findings(fact))),
        why=ADDED if new else RECLASSIFIED,
        since=_came(house.knowledge, rules) if new else max(fact.occurred.hi for fact in says).date(),
        judged_by=max((str((fact.basis or {}).get("version", "")) for fact in attached if fact.basis is not None), default=""),
        would_be=today.version,
    )


def _read_anew(attached: Sequence[Fact], stored: Sequence[Fact]) -> list[Fact]:
    """Flags that rest on a report which reads otherwise since a correction."""
    corrected = {str(fact.body.get("report")) for fact in attached if fact.kind == "result_corrected"}
    return [fact for fact in stored if not corrected.isdisjoint((fact.basis or {}).get("lineages", ()))]


def _answered(told: Sequence[Fact], read_anew: Sequence[Fact]) -> set[str]:
    """Rules that a clinician has answered: those named in the answer; of a new reading all, if they answered after it."""
    answers = [fact for fact in told if fact.kind in ANSWERS]
    since = max((fact.occurred.lo for fact in read_anew), default=None)
    later = since is not None and any(fact.occurred.lo >= since for fact in answers)
    return rules_of(answers) | (rules_of(read_anew) if later else set())


def _came(knowledge: Knowledge, rules: Iterable[str]) -> date:
    """When the youngest of the rules came into force here: its label's date, or the day on which somebody took it over."""
    return max((max(one) for rule in rules if (one := list(_days(knowledge, rule)))), default=date.min)


def _days(knowledge: Knowledge, rule: str) -> Iterator[date]:
    """A gene of a list is `<list>:<gene>` or bare; it came with the list."""
    row = knowledge.rules.get(rule) or knowledge.pgx_rules.get(rule)
    if row is not None:
        yield from (day for day in (getattr(row, "approved", None) or getattr(row, "published", None), row.approved_on) if day)
    yield from (one.published for one in knowledge.gene_lists if rule.partition(":")[0] == one.id)


def source_of(knowledge: Knowledge, rule: str) -> str:
    """Where the rule comes from: the address of its label or list."""
    row = knowledge.rules.get(rule) or knowledge.pgx_rules.get(rule)
    listed = next((one for one in knowledge.gene_lists if rule.partition(":")[0] == one.id), None)
    return str(row.source if row is not None else listed.source if listed is not None else "")


def _once(findings: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each alteration once, a gene without one only where nothing more is said of it."""
    known = dict.fromkeys(findings)
    told = {gene for gene, alteration in known if alteration}
    return (one for one in known if one[1] or one[0] not in told)


def _findings(fact: Fact) -> Iterator[tuple[str, str]]:
    told = [(str(one.get("gene") or ""), str(one.get("alteration") or "")) for one in fact.body.get("findings") or ()]
    yield from (one for one in told if one[0])
    if not told:
        yield from ((gene, str(fact.body.get("alteration") or "")) for gene in genes_of(fact))
