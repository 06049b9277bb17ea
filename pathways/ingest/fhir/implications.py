"""What one Observation says about another: the significance of a variant, and the gene of a phenotype, stand where they were derived. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pathways.ingest import molecular
from pathways.ingest.findings import significance

from .bundle import Context, Raw
from .structs import Answer, Reference, read

WORST_FIRST = ("pathogenic", "likely_pathogenic", "vus", "likely_benign", "benign", "")
NAMES_A_GENE = frozenset({molecular.VARIANT, molecular.GENOTYPE, "84414-2", molecular.METABOLISER})
"""Variants, genotypes and haplotypes; and phenotypes, which say whose they are by what they were derived from."""


def complete(context: Context) -> None:
    """Puts onto each Observation what others say of it: of several significances the gravest, which a person must see."""
    observations = [raw for raw in context.resources if raw.get("resourceType") == "Observation"]
    derived = [raw for raw in observations if raw.get("derivedFrom")]
    said: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for raw in derived:
        own = _parts(raw)
        for source in _sources(context, raw):
            theirs = _parts(source)
            if molecular.SIGNIFICANCE in own and molecular.SIGNIFICANCE not in theirs and molecular.VARIANT in _codes(source):
                said[id(source)].append(own[molecular.SIGNIFICANCE])
            if molecular.GENE in theirs and molecular.GENE not in own and NAMES_A_GENE & _codes(raw):
                said[id(raw)].append(theirs[molecular.GENE])
    if said:
        _replace(context, {place: _with(raw, said[place]) for raw in observations if (place := id(raw)) in said})


def _with(raw: Raw, parts: list[Mapping[str, Any]]) -> Raw:
    graver = sorted(parts, key=lambda part: WORST_FIRST.index(_significance(part)))
    own = raw.get("component")
    return {**raw, "component": [*(own if isinstance(own, list) else []), *graver]}


def _significance(part: Mapping[str, Any]) -> str:
    value = read(Answer, part, []).value_codeable_concept
    return significance(value.coded()) if value is not None else ""


def _replace(context: Context, changed: Mapping[int, Raw]) -> None:
    context.resources = [changed.get(id(raw), raw) for raw in context.resources]
    context.by_name = {name: changed.get(id(raw), raw) for name, raw in context.by_name.items()}


def _sources(context: Context, raw: Raw) -> Iterator[Raw]:
    stated = raw.get("derivedFrom")
    for each in stated if isinstance(stated, list) else [stated]:
        found = context.find(read(Reference, each, [])) if isinstance(each, Mapping) else None
        if found is not None and found.get("resourceType") == "Observation" and found is not raw:
            yield found


def _parts(raw: Raw) -> dict[str, Mapping[str, Any]]:
    """The components by the LOINC code of their question."""
    stated = raw.get("component")
    parts = [each for each in (stated if isinstance(stated, list) else [stated]) if isinstance(each, Mapping)]
    return {code: part for part in reversed(parts) for code in _codes(part)}


def _codes(raw: Raw) -> set[str]:
    concept = raw.get("code")
    listed = concept.get("coding") if isinstance(concept, Mapping) else None
    codings = listed if isinstance(listed, list) else [listed]
    return {each["code"] for each in codings if isinstance(each, Mapping) and isinstance(each.get("code"), str)}
