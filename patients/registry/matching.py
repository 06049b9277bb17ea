"""The duplicate check of a form: whom do we know who could be meant? It shows; a person decides."""

from __future__ import annotations

import msgspec
from django.utils.translation import gettext as _

from patients import alike, sql
from patients.demographics import Demographics

from . import writing
from .known import Known

MOST_ZEROS = 6


class Candidate(msgspec.Struct, frozen=True):
    """A patient who may be meant. `why` in words: same number, same name and birth date, same phone ..."""

    patient_id: int
    why: str
    certain: bool = False


def match(said: Demographics) -> list[Candidate]:
    """Patients who may be meant, the likeliest first; certain only by a patient number."""
    asked = {(number.authority, number.value) for number in said.identifiers}
    owners = set(writing.find(asked, site=None).known)
    near = set(writing.find(_near(asked), site=None).known) - owners
    alike_ids = {patient for (patient,) in sql.rows("find_alike", _question(said))}
    found = [Candidate(patient, _("same patient number"), certain=True) for patient in sorted(owners)]
    found += [Candidate(patient, _("almost the same patient number")) for patient in sorted(near)]
    likely = [(why, known.patient) for known in writing.read(alike_ids - owners - near, site=None).values() if (why := _why(known, said))]
    return found + [Candidate(patient, " and ".join(why)) for why, patient in sorted(likely, key=lambda each: (-len(each[0]), each[1]))]


def _near(numbers: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The same numbers with fewer or more zeros in front: other numbers, but often a slip of whoever typed them."""
    bare = {(authority, value.lstrip("0")) for authority, value in numbers}
    spelt = {(authority, "0" * zeros + value) for authority, value in bare if value for zeros in range(MOST_ZEROS + 1)}
    return spelt - numbers


def _question(said: Demographics) -> dict[str, object]:
    return {"family": said.family, "birth_lo": said.birth_lo, "birth_hi": said.birth_hi, "phones": list(said.phones)}


def _why(known: Known, said: Demographics) -> tuple[str, ...]:
    same_birth = said.birth_lo is not None and known.birth_lo is not None
    reasons = (
        (_("same name"), bool(said.family) and alike.same_name(known.family, known.given, said.family, said.given)),
        (_("same birth date"), same_birth and alike.same_birth(known.birth_lo, known.birth_hi, said.birth_lo, said.birth_hi)),
        (_("same phone"), bool(set(known.phones) & set(said.phones))),
    )
    stated = tuple(words for words, holds in reasons if holds)
    return stated if "same name" in stated or "same phone" in stated else ()
