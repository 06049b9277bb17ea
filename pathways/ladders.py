"""The ladders of matters: who is asked first, who next, and how soon. All are local defaults; a site signs them with its version."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from pathways.models import MatterKind, Rung


class MatterRung(msgspec.Struct, frozen=True):
    """`at` working days after the matter was opened; the item must be answered within `answer_within` working days."""

    at: int
    to: str
    priority: int
    answer_within: int = 2
    every: int | None = None


LADDERS: dict[MatterKind, tuple[MatterRung, ...]] = {
    MatterKind.CANDIDATE: (MatterRung(0, "navigator", 5, 2), MatterRung(5, "lead", 4, 2, every=5)),
    MatterKind.GERMLINE_CANDIDATE: (MatterRung(0, "genetic_counselor", 4, 3, every=7),),
    MatterKind.STAGE_MISSING: (MatterRung(0, "navigator", 5, 5), MatterRung(5, "lead", 4, 2, every=5)),
    MatterKind.UNBOUND: (MatterRung(0, "lab_liaison", 4, 1), MatterRung(2, "lead", 3, 1, every=5)),
    MatterKind.AMBIGUOUS: (MatterRung(0, "lab_liaison", 4, 1), MatterRung(2, "lead", 3, 1, every=5)),
    MatterKind.CANNOT_SAY: (MatterRung(0, "navigator", 3, 2), MatterRung(2, "lead", 2, 1, every=5)),
    MatterKind.MERGE: (MatterRung(0, "lab_liaison", 4, 2), MatterRung(5, "lead", 4, 2, every=5)),
    MatterKind.DEATH_HINT: (MatterRung(0, "navigator", 2, 1), MatterRung(2, "lead", 2, 1, every=5)),
    MatterKind.RESULT_CHANGED: (MatterRung(0, "clinician", 1, 1), MatterRung(1, "lead", 1, 1, every=2)),
    MatterKind.STALE_CONFIRMATION: (MatterRung(0, "clinician", 2, 2), MatterRung(2, "lead", 2, 1, every=5)),
    MatterKind.LATE_FACT: (MatterRung(0, "navigator", 4, 2), MatterRung(5, "lead", 4, 2, every=5)),
    MatterKind.FEED_SILENT: (MatterRung(0, "lab_liaison", 3, 1), MatterRung(1, "lead", 2, 1, every=2)),
    MatterKind.QUARANTINE: (MatterRung(0, "lab_liaison", 4, 1), MatterRung(2, "lead", 3, 1, every=5)),
    MatterKind.ABSTRACTION: (MatterRung(0, "lab_liaison", 3, 2), MatterRung(2, "lead", 3, 1, every=5)),
    MatterKind.SECOND_READING: (MatterRung(0, "navigator", 3, 1), MatterRung(1, "lead", 3, 1, every=5)),
    MatterKind.PRIVACY_INCIDENT: (MatterRung(0, "lead", 1, 1), MatterRung(1, "manager", 1, 1, every=2)),
    MatterKind.TRACKER: (MatterRung(0, "navigator", 5, 2), MatterRung(5, "lead", 5, 5, every=10)),
    MatterKind.DRUG_REVIEW: (MatterRung(0, "pharmacist", 3, 2), MatterRung(2, "lead", 3, 1, every=5)),
    MatterKind.EMPIRIC_SAFETY: (MatterRung(0, "clinician", 1, 1), MatterRung(1, "lead", 1, 1, every=2)),
    MatterKind.HOLD_REVIEW: (MatterRung(0, "navigator", 4, 2), MatterRung(5, "lead", 3, 2, every=5)),
    MatterKind.SIGNATURE: (MatterRung(0, "lead", 4, 10, every=10),),
    MatterKind.ANOMALY: (MatterRung(0, "lab_liaison", 6, 5), MatterRung(10, "lead", 6, 5, every=10)),
}


def publish_ladders() -> None:
    """Writes the ladders as rungs that the sweep can join; safe to repeat."""
    for kind, rungs in LADDERS.items():
        for n, rung in enumerate(rungs):
            Rung.objects.update_or_create(
                stage=None,
                matter_kind=kind.value,
                n=n,
                defaults={
                    "audience": rung.to,
                    "problem": kind.value.replace("_", "-"),
                    "priority": rung.priority,
                    "answer_within": timedelta(days=rung.answer_within),
                    "every": timedelta(days=rung.every) if rung.every else None,
                },
            )
