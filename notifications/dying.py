"""Hints of death: reported, and settled by a person. Between the two every text rests; nothing of the journey changes until it is known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from pathways import journeys, matters
from pathways.facts import Grade
from pathways.models import Matter, MatterKind
from patients import consent, registry
from patients.models import ConsentKind, MailPermission, Patient, Permission, Site, User
from patients.permissions import HOLDS, REVOKED

SOURCES = ("returned mail", "told on the phone", "note in the chart", "obituary", "another hospital")


def report(*, patient: Patient, source: str, site: Site, by: User, now: datetime) -> bool:
    """Somebody of the staff heard that the patient may have died. Whether the hold is new."""
    with transaction.atomic():
        registry.lock([patient.pk])
        new = registry.death_hint(patient_id=patient.pk, now=now, source=source)
        if new:
            _tell(patient, "death_hint", {"from": source}, now, site=site, by=by, now=now, name=f"hint-{now.isoformat()}")
        return new


def settle(*, patient: Patient, alive: bool, died_on: date | None, told_by: str, site: Site, by: User, now: datetime) -> bool:
    """A person found out. Alive: texts go on, but only to numbers that nobody stopped. Dead: a fact for every journey, and nothing is sent
    any more. Whether there was anything to settle."""
    begin = datetime(died_on.year, died_on.month, died_on.day, tzinfo=ZoneInfo(site.time_zone)) if died_on else None
    end = min(begin + timedelta(days=1), now) if begin else None
    with transaction.atomic():
        registry.lock([patient.pk])
        source = f"{by.get_username()}: {told_by}"
        if not registry.settle_death_hint(patient_id=patient.pk, alive=alive, now=now, source=source, died_lo=begin, died_hi=end):
            return False
        if not alive:
            body = {"dated": died_on is not None, "told_by": told_by}
            _tell(patient, "death", body, begin or now, site=site, by=by, now=now, name="death")
        for matter in Matter.objects.filter(_records(patient), kind=MatterKind.DEATH_HINT, closed_at__isnull=True):
            matters.close(matter=matter, reason="the patient lives" if alive else "the patient died", by=by, now=now)
        return True


def reverse(*, patient: Patient, why: str, site: Site, by: User, now: datetime) -> bool:
    """A death entered in error: the patient lives. Texts start again only where somebody says yes anew; journeys are reopened one by one."""
    with transaction.atomic():
        registry.lock([patient.pk])
        if not registry.reverse_death(patient_id=patient.pk, now=now):
            return False
        for held in Permission.objects.filter(HOLDS, patient=patient).select_related("person", "phone"):
            evidence = consent.Evidence("death reversed", reference=why)
            consent.revoke(
                person=held.person, patient=patient, phone=held.phone, programme=held.programme, at=now, evidence=evidence, by=by
            )
        for mailed in MailPermission.objects.filter(HOLDS, patient=patient).select_related("person", "mailbox"):
            consent.record(
                decision=REVOKED,
                kind=ConsentKind.EMAIL,
                person=mailed.person,
                patient=patient,
                mailbox=mailed.mailbox,
                programme=mailed.programme,
                at=now,
                evidence=consent.Evidence("death reversed", reference=why),
                by=by,
            )
        body = {"outcome": "death_reversed", "problem": "death", "note": why}
        _tell(patient, "work_outcome", body, now, site=site, by=by, now=now, name=f"lives-{now.isoformat()}")
        return True


def _records(patient: Patient) -> Q:
    return Q(patient=patient) | Q(patient__survivor=patient)


def _tell(patient: Patient, kind: str, body: dict[str, Any], occurred: datetime, *, site: Site, by: User, now: datetime, name: str) -> None:
    journeys.record_for_patient(
        patient=patient,
        kind=kind,
        body=body,
        occurred=occurred,
        now=now,
        by=by,
        grade=Grade.STAFF_ATTESTED,
        business_id=f"{patient.uid}-{name}",
        site=site,
    )
