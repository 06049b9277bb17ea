"""What was said of somebody beside the patients who may be meant: what agrees, and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathways.models import Journey
from patients import alike
from patients.demographics import Demographics
from patients.models import ContactPoint, Identifier, Patient, PatientSite, User
from patients.registry import Candidate


@dataclass(frozen=True, slots=True)
class Known:
    """One patient who may be meant. Of a patient of other sites only where they are known is shown, and why they may be meant."""

    patient: Patient
    why: str
    certain: bool
    visible: bool
    sites: str
    numbers: list[str]
    phones: list[str]
    programmes: list[str]
    differs: frozenset[str]


def side_by_side(candidates: Sequence[Candidate], said: Demographics, user: User) -> list[Known]:
    """The candidates in their order, each with everything that helps to decide, in a fixed number of queries."""
    ids = [one.patient_id for one in candidates]
    visible = set(Patient.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    rows = Patient.objects.filter(pk__in=ids).select_related("person").in_bulk()
    numbers, phones, programmes, sites = _numbers(ids), _phones(rows), _programmes(ids), _sites(ids)
    return [
        Known(
            patient=patient,
            why=one.why,
            certain=one.certain,
            visible=one.patient_id in visible,
            sites=", ".join(sites.get(patient.pk, [])),
            numbers=numbers.get(patient.pk, []),
            phones=phones.get(patient.person_id, []),
            programmes=programmes.get(patient.pk, []),
            differs=_differs(patient, said, phones.get(patient.person_id, [])),
        )
        for one in candidates
        if (patient := rows.get(one.patient_id)) is not None
    ]


def _differs(patient: Patient, said: Demographics, phones: Sequence[str]) -> frozenset[str]:
    """Which of what was said contradicts what is known; what one of both does not say contradicts nothing."""
    person = patient.person
    checks = {
        "name": alike.same_name(person.family, person.given, said.family, said.given),
        "born": alike.same_birth(person.birth_lo, person.birth_hi, said.birth_lo, said.birth_hi),
        "sex": not (said.sex and patient.sex) or said.sex == patient.sex,
        "phone": not (said.phones and phones) or bool(set(said.phones) & set(phones)),
    }
    return frozenset(name for name, agrees in checks.items() if not agrees)


def _grouped(pairs: Sequence[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _numbers(ids: Sequence[int]) -> dict[int, list[str]]:
    return _grouped(list(Identifier.objects.filter(patient__in=ids, until=None).order_by("type", "pk").values_list("patient", "value")))


def _phones(rows: dict[int, Patient]) -> dict[int, list[str]]:
    people = [patient.person_id for patient in rows.values()]
    points = ContactPoint.objects.filter(person__in=people, until=None, phone__isnull=False).order_by("rank", "pk")
    return _grouped(list(points.values_list("person", "phone__e164")))


def _programmes(ids: Sequence[int]) -> dict[int, list[str]]:
    rows = Journey.objects.open().filter(patient__in=ids).order_by("pk").values_list("patient", "version__title")
    return _grouped(list(rows))


def _sites(ids: Sequence[int]) -> dict[int, list[str]]:
    return _grouped(list(PatientSite.objects.filter(patient__in=ids).order_by("site__name").values_list("patient", "site__name")))
