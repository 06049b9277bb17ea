"""Steps that no interface carries: rows of the sheets that tumour boards, pharmacists and laboratories keep, as CSV."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

from .course import ZONES, Step
from .hl7 import stamp
from .people import SyntheticPerson

COLUMNS = (
    "mrn",
    "kind",
    "date",
    "id",
    "accession",
    "specimen",
    "order",
    "drug",
    "rxcui",
    "subject",
    "reference",
    "decision",
    "to",
    "text",
    "gene",
    "presence",
    "document_class",
)
AS_IS = (
    *("specimen_class", "donor", "parent", "reason", "form", "answer", "criticality", "outcome", "action", "specialty", "how"),
    *("read_back", "programme", "consent_kind", "facility", "alteration", "significance"),
)
"""Further columns of a ward's sheet, written as the step says them."""
KINDS = frozenset(
    {
        "specimen_adequate",
        "specimen_sent",
        "result_reviewed",
        "treatment_decided",
        "pa_appealed",
        "first_dose_attested",
        "recommendation_delivered",
        "hospice_started",
        "surgery_done",
        "imaging_done",
        "external_result",
    }
)


def row(person: SyntheticPerson, step: Step) -> bytes:
    """A table of one row, with local times as its keeper writes them."""
    data = step.data
    drug = data.get("drug")
    said = {
        "mrn": person.mrn,
        "kind": step.kind,
        "date": _local(step.at, person.site),
        "id": f"{step.kind}-{person.mrn}-{stamp(step.at)[:14]}",
        "specimen": data.get("accession", ""),
        "order": data.get("order", ""),
        "drug": drug.text if drug else "",
        "rxcui": drug.rxcui if drug else "",
        "subject": data.get("subject", ""),
        "reference": data.get("id", "") if step.kind.startswith("pa_") else "",
        "decision": data.get("decision", ""),
        "to": data.get("to", ""),
        **{name: data.get(name, "") for name in ("text", "gene", "presence", "document_class")},
    }
    if data.get("sheet"):
        said |= {
            "id": data.get("id", said["id"]),
            "specimen": data.get("specimen", ""),
            **{name: data[name] for name in AS_IS if name in data},
        }
    table = io.StringIO()
    writer = csv.DictWriter(table, (*COLUMNS, *AS_IS) if data.get("sheet") else COLUMNS, restval="")
    writer.writeheader()
    writer.writerow(said)
    return table.getvalue().encode()


def _local(at: datetime, site: str) -> str:
    return at.astimezone(ZoneInfo(ZONES[site])).isoformat(timespec="minutes")
