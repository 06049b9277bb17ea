"""The demo's clinicians: an invented directory. Their NPIs carry the right check digit and are nobody's. Some sign in here, others only order."""

from __future__ import annotations

from typing import NamedTuple

from config.demo.people import SyntheticPerson


class Clinician(NamedTuple):
    """`username` is blank for one without an account: the directory learns of them from the hospital's orders alone."""

    npi: str
    family: str
    given: str
    specialty: str
    username: str
    sites: tuple[str, ...]


CLINICIANS = (
    Clinician("1932102134", "Lund", "Petra", "Medical oncology", "petra", ("harbor", "prairie")),
    Clinician("1999990009", "Okoye", "Ike", "Thoracic oncology", "ike", ("harbor",)),
    Clinician("1999990017", "Sorel", "Anna", "Pulmonology", "", ("harbor",)),
    Clinician("1999990025", "Brandt", "Jo", "Medical oncology", "jo", ("prairie",)),
    Clinician("1999990033", "Vidal", "Rosa", "Pulmonology", "", ("prairie",)),
)
SPECIALISTS = (0, 0, 1, 1, 2)  # which of a hospital's three orders for whom: one patient in five by somebody without an account


def orderer(person: SyntheticPerson) -> Clinician:
    """Who orders this person's tests, always the same."""
    here = [one for one in CLINICIANS if person.site in one.sites]
    return here[SPECIALISTS[person.n % len(SPECIALISTS)] % len(here)]
