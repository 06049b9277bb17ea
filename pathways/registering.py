"""A patient comes in by hand: registered after a look at whom we know, texts agreed to or not, and put on a programme."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db import transaction

from pathways import journeys, team
from pathways.definitions import registry as definitions
from pathways.models import Journey, Rollout, TeamRole
from patients import consent, contacts, registry
from patients.demographics import Demographics
from patients.models import Patient, Practitioner, Site, User
from patients.templatetags.finalmile import translated

FOUND_BY = "by_hand"
SOURCE = "registered by hand"
BY_OTHER_MEANS = frozenset({"cascade-testing"})
"""Programmes that nobody is put on by name: a relative is named from the journey of the first person of the family."""


class Refused(ValueError):
    """The act is not possible; the message says why, in words for the person who tried."""


class Place(msgspec.Struct, frozen=True):
    """A programme, one of its ways in, and which of its diseases or drugs: what a person may be put on."""

    pathway: str
    entry: str
    group: str
    label: str

    @property
    def code(self) -> str:
        return f"{self.pathway}:{self.entry}:{self.group}"


class Agreed(msgspec.Struct, frozen=True):
    """What the patient said about texts, how, and to which number."""

    decision: str
    how: str
    reference: str = ""


def places(site: Site) -> list[Place]:
    """What somebody can be put on at the site now: programmes in force that are not off there."""
    modes = dict(Rollout.objects.filter(site=site).exclude(mode=Rollout.Mode.OFF).values_list("pathway", "mode"))
    found = []
    for code, published in definitions.published().items():
        definition = published.definition
        if code not in modes or code in BY_OTHER_MEANS:
            continue
        for entry, row in definition.entries.items():
            groups = dict.fromkeys(rule.group or definition.primary_group for rule in definition.enrol if rule.entry == entry)
            for group in groups or (definition.primary_group,):
                more = f" ({group})" if len(groups) > 1 else ""
                found.append(Place(code, entry, group, f"{translated(definition.title)}: {translated(row.label or entry)}{more}"))
    return found


def register(*, said: Demographics, site: Site, looked_at: Collection[int], now: datetime) -> Patient:
    """A new patient of the site.

    Raises:
        registry.LooksAlike: somebody may be meant whom nobody has looked at yet.
    """
    made = registry.register_by_hand(said, site=site, looked_at=looked_at, now=now, source=SOURCE)
    if made.patient_id is None:
        raise Refused(made.explanation)
    return Patient.objects.select_related("person").get(pk=made.patient_id)


def recognise(*, patient: Patient, said: Demographics, site: Site, now: datetime) -> Patient:
    """It is this patient: what is new is added, nothing is replaced."""
    try:
        registry.add_what_is_new(patient=patient, said=said, site=site, now=now)
    except registry.NumberOfAnother as taken:
        raise Refused(str(taken)) from taken
    return patient


def agree(*, patient: Patient, agreed: Agreed, by: User, now: datetime) -> bool:
    """Writes down what the patient said about texts, on all of their numbers. A child's own word counts for nothing yet: False."""
    if not contacts.is_adult(patient.person, now.date()) or not contacts.numbers_of(patient.person):
        return False
    evidence = consent.Evidence(agreed.how, language=patient.person.language, reference=agreed.reference)
    consent.record(decision=agreed.decision, at=now, evidence=evidence, patient=patient, by=by)
    return True


def enrol(
    *,
    patient: Patient,
    place: Place,
    site: Site,
    since: datetime,
    clinician: Practitioner | None,
    by: User,
    now: datetime,
    found_by: str = FOUND_BY,
) -> Journey:
    """Puts the patient on the programme; whoever is on it for the same already stays on the journey that they have."""
    with transaction.atomic():
        registry.lock([patient.pk])
        journey = followed(patient, place)
        if journey is None:
            journey = journeys.enrol(
                patient=patient,
                pathway=place.pathway,
                entry=place.entry,
                site=site,
                now=now,
                by=by,
                primary_group=place.group,
                found_by=found_by,
                opened_at=min(since, now),
            )
        if clinician is not None and journey.responsible_id is None:
            team.name(journey=journey, role=TeamRole.RESPONSIBLE, person=clinician, source="enrolment", now=now, by=by)
    return journey


def followed(patient: Patient, place: Place) -> Journey | None:
    """The open journey of the patient on this programme and for this, if there is one."""
    records = Patient.objects.filter(survivor=patient).values("pk")
    same = Journey.objects.open().filter(pathway=place.pathway, primary_group=place.group)
    return same.filter(patient=patient).first() or same.filter(patient__in=records).first()
