"""What became of the question *who is meant?*, and how it is put to a lab liaison. No explanation repeats a number or a name."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

MATCHED, REGISTERED = "matched", "registered"

REASONS = {
    "no_identifier": (
        "The message gives no patient number that can be used (PID-3, or Patient.identifier in FHIR): it is empty, or stands for "
        "“unknown”, or is an account, policy or social security number. Names alone never decide who somebody is. Ask the sender to "
        "send the medical record number."
    ),
    "unknown_patient": (
        "Nobody here has this patient number of {authorities}, and this feed may not register people. The message waits and applies "
        "itself when a registration message (ADT, FHIR Patient) or a person brings the patient in."
    ),
    "identifiers_disagree": (
        "The patient numbers in this message, of {authorities}, belong to {count} different patients here. Either the sender mixed up "
        "two people, or two records are one person. Compare both; merge them or have the sender correct the message, then replay."
    ),
    "recycled_identifier": (
        "This patient number of {authorities} belongs here to somebody with another name and another birth date. Hospitals sometimes "
        "give an old number to a new patient. Nothing was changed. If it is a new patient, end the old number on the patient's page; "
        "if it is the same one, correct the name or birth date; then replay."
    ),
}


class Resolution(msgspec.Struct, frozen=True):
    """`patient_id` is None when a person or a later message must decide first; `candidates` are then the patients to compare.

    `record_id` is the record whose number was stated, where one that was merged differs from its survivor: what was said under a number
    can be given back with it. Of the patient as known after the message: the first day on which they may have been born; since when they
    are said to live; whether a death was taken back just now.
    """

    patient_id: int | None
    reason: str = MATCHED
    explanation: str = ""
    candidates: tuple[int, ...] = ()
    record_id: int | None = None
    born: date | None = None
    alive_at: datetime | None = None
    revived: bool = False


def unresolved(reason: str, *, authorities: tuple[str, ...] = (), candidates: tuple[int, ...] = ()) -> Resolution:
    words = REASONS[reason].format(authorities=" and ".join(dict.fromkeys(authorities)), count=len(candidates))
    return Resolution(None, reason, words, candidates)
