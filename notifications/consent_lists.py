"""Consents that were given before: a list with the evidence of the whole batch, checked row by row before anything is written.

A row is one decision of one patient on one kind; kinds never mix: a yes to a genetic test makes no permission to text. The same list twice
changes nothing, and an older row never overrules a newer word.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from notifications.wording.compiler import fold
from pathways import uploads
from pathways.models import PathwayVersion
from pathways.uploads import Line, Unusable
from patients import consent
from patients.consent import Evidence, Heard
from patients.models import ConsentEntry, ConsentKind, Identifier, Site, User
from patients.permissions import GRANTED, REVOKED

__all__ = ["Batch", "Checked", "Unusable", "check", "take_in"]

NEEDED = ("decision", "date")
YES = frozenset({"yes", "y", "granted", "grant", "permit", "agreed", "agrees", "si", "true", "1"})
NO = frozenset({"no", "n", "revoked", "revoke", "deny", "refused", "refuses", "declined", "false", "0"})
EARLIEST = date(2000, 1, 1)


class Batch(msgspec.Struct, frozen=True):
    """The evidence of the whole list: on which form, in which language, and where the signed ones are kept."""

    form_version: str
    language: str = ""
    kept_at: str = ""
    how: str = "batch import"


class Wrong(msgspec.Struct, frozen=True):
    """A row that cannot be taken, by its line in the file; it names nobody."""

    line: int
    why: str


class Checked(msgspec.Struct, frozen=True):
    """What would be written, what cannot be, and how many rows an earlier list brought already. `digest` names the file."""

    heard: list[Heard]
    wrong: list[Wrong]
    known: int
    digest: str

    @property
    def by_kind(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = defaultdict(int)
        for each in self.heard:
            found[each.kind, each.decision] += 1
        return dict(sorted(found.items()))


def check(body: bytes, *, site: Site, now: datetime, kind: str = ConsentKind.TEXT) -> Checked:
    """Reads a list of a site's patients. `kind` is that of rows whose column `kind` is empty or missing.

    Raises:
        Unusable: the file as a whole; the words say what to change.
    """
    lines = uploads.read(body, needed=NEEDED)
    digest = hashlib.sha256(body).hexdigest()[:12]
    patients, programmes = _patients({line.mrn for line in lines}, site), set(PathwayVersion.objects.values_list("code", flat=True))
    before = ConsentEntry.objects.filter(evidence__startswith=f"list {digest} ").values_list("evidence", flat=True)
    known = {evidence.partition(";")[0] for evidence in before}
    heard, wrong, again = [], [], 0
    for line in lines:
        read = _read(line, patients.get(line.mrn, []), programmes, site, now, kind, digest)
        if isinstance(read, str):
            wrong.append(Wrong(line.n, read))
        elif read.reference in known:
            again += 1
        else:
            heard.append(read)
    return Checked(heard, wrong, again, digest)


def take_in(checked: Checked, *, batch: Batch, by: User | None) -> int:
    """Writes what was checked, in the order of the days; how many entries of the ledger."""
    evidence = Evidence(batch.how, wording_version=batch.form_version, language=batch.language)
    kept = f"; {batch.kept_at}" if batch.kept_at else ""
    heard = [msgspec.structs.replace(each, reference=each.reference + kept) for each in sorted(checked.heard, key=lambda each: each.at)]
    with transaction.atomic():
        return consent.record_all(heard, evidence=evidence, by=by)


def _read(line: Line, patients: list[int], programmes: set[str], site: Site, now: datetime, default: str, digest: str) -> Heard | str:
    """The decision, or why the row says none."""
    said, kind, programme = (
        fold(line.cells.get("decision", "")).strip(),
        line.cells.get("kind", "").strip().lower(),
        line.cells.get("programme", ""),
    )
    if len(patients) != 1:
        return _("no patient of this site has this number") if not patients else _("several patients have this number")
    if said not in YES | NO:
        return _("the column decision says neither yes nor no")
    if (kind or default) not in ConsentKind.values:
        return _("the column kind is none of %(values)s") % {"values": ", ".join(ConsentKind.values)}
    if programme and programme not in programmes:
        return _("the column programme names no programme")
    at = _moment(line.cells.get("date", ""), site, now)
    if at is None or not at.date() >= EARLIEST or at > now:
        return _("the column date holds no day as 2026-03-20, or one that has not come")
    return Heard(patients[0], GRANTED if said in YES else REVOKED, at, kind or default, programme, f"list {digest} line {line.n}")


def _moment(text: str, site: Site, now: datetime) -> datetime | None:
    """Noon of the day at the site: a STOP of the same evening is later. What was signed this morning is of now."""
    try:
        noon = datetime.combine(date.fromisoformat(text.strip()[:10]), time(12), ZoneInfo(site.time_zone))
    except ValueError:
        return None
    return min(noon, now) if noon.date() == now.astimezone(noon.tzinfo).date() else noon


def _patients(numbers: Iterable[str], site: Site) -> dict[str, list[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    current = Identifier.objects.filter(value__in=set(numbers), until=None, patient__sites__site=site)
    for value, patient, survivor in current.values_list("value", "patient", "patient__survivor"):
        found[value].add(survivor or patient)
    return {value: sorted(ids) for value, ids in found.items()}
