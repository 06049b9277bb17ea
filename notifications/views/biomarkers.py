"""Biomarkers as a person reads them: what was found, what could not be read, and in one line what was looked for and not found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pathways.models import Event
from patients.templatetags.finalmile import words

LOOKS = {"present": "info", "failed": "overdue", "indeterminate": "soon", "no_call": "soon"}
ORDER = ("present", "indeterminate", "no_call", "failed", "not_tested", "absent")


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    presence: str
    look: str
    detail: str


def findings(results: Iterable[Event]) -> list[Finding]:
    """Of the results that count. Tissue and plasma stand apart: absent in plasma says nothing about the tumour."""
    lines: dict[tuple[str, str], list[str]] = {}
    for event in results:
        for raw in event.body.get("findings") or ():
            presence = str(raw.get("presence") or "not_stated")
            lines.setdefault((presence, detail_of(raw, event.body.get("specimen_class") or "")), []).append(name_of(raw))
    built = [line for (presence, detail), names in lines.items() for line in lines_of(presence, detail, list(dict.fromkeys(names)))]
    return sorted(built, key=lambda line: (ORDER.index(line.presence) if line.presence in ORDER else len(ORDER), line.detail, line.name))


def lines_of(presence: str, detail: str, names: list[str]) -> list[Finding]:
    """One line each, but all that is absent in one."""
    shown = [", ".join(sorted(names))] if presence == "absent" else names
    return [Finding(name, presence, LOOKS.get(presence, ""), detail) for name in shown]


def name_of(raw: Mapping[str, Any]) -> str:
    parts = [str(part) for part in (raw.get("gene"), raw.get("alteration")) if part]
    return " ".join(parts) or str(raw.get("text") or raw.get("type") or "finding")


def detail_of(raw: Mapping[str, Any], specimen: str) -> str:
    """Value, meaning, origin and specimen, as far as they were said."""
    said = raw.get("value")
    value = f"{raw.get('comparator') or ''}{said} {raw.get('unit') or ''}".strip() if said not in (None, "") else ""
    parts = (value, words(raw.get("significance")).lower(), raw.get("origin") or "", words(raw.get("specimen") or specimen).lower())
    return " · ".join(part for part in parts if part)
