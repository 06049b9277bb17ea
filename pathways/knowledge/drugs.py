"""Which ingredients a drug entry names: by ingredient code first, then by normalised name; else a person looks. Never silently none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .library import Knowledge, load

_NOISE = re.compile(r"[^a-z0-9+/ -]+")
_SALT = {"hydrochloride", "mesylate", "dimaleate", "disodium", "sodium", "tosylate", "bisulfate", "succinate", "fumarate", "besylate"}


def ingredients(drug: Mapping[str, Any], *, knowledge: Knowledge | None = None) -> set[str] | None:
    """Ingredient ids of one drug entry: RxCUIs, or `name:<generic>` where no code was checked. None: could not be placed."""
    known = knowledge or load()
    code = str(drug.get("rxcui") or "").strip().removeprefix("rxcui|")
    if code in known.drug_ids:
        return {code}
    text = str(drug.get("text") or "")
    code_in_names = str(drug.get("code") or "").rpartition("|")[2].lower()
    named = _by_name(text, known) | {known.drug_id(name) for name in known.drug_names.get(code_in_names, ())}
    return named or None


def _by_name(text: str, known: Knowledge) -> set[str]:
    """All drugs that the text names; of overlapping names the longest (trastuzumab deruxtecan is not trastuzumab)."""
    plain = " ".join(word for word in _NOISE.sub(" ", text.lower()).split() if word not in _SALT)
    found: set[str] = set()
    for match in _names(tuple(known.drug_names)).finditer(plain):
        found.update(known.drug_id(name) for name in known.drug_names[match.group(1)])
    return found


@lru_cache(maxsize=4)
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(names, key=len, reverse=True)
    return re.compile(r"(?<![a-z0-9])(" + "|".join(re.escape(name) for name in ordered) + r")(?![a-z0-9])")


def matches(rules: Iterable[str], drugs: Iterable[Mapping[str, Any]], *, knowledge: Knowledge | None = None) -> bool | None:
    """Whether the drugs complete the regimen of one of the rules (by id). None: no, but one of the drugs could not be placed."""
    known = knowledge or load()
    placed = [ingredients(drug, knowledge=known) for drug in drugs]
    received = set().union(*(one for one in placed if one))
    if any(completes(rule, received, known) for rule in rules):
        return True
    return None if any(one is None for one in placed) else False


def completes(rule_id: str, received: set[str], knowledge: Knowledge) -> bool:
    """Whether every part of the rule's regimen is among the ingredients received."""
    return all(parts & received for parts in regimen(rule_id, knowledge))


def regimen(rule_id: str, knowledge: Knowledge) -> list[set[str]]:
    """The parts of a rule's regimen as sets of alternative ingredient ids."""
    return [{knowledge.drug_id(name) for name in part} for part in knowledge.rules[rule_id].regimen]


def is_systemic(ids: Iterable[str], knowledge: Knowledge) -> bool:
    """Whether one of the ingredients is anticancer therapy that reaches the whole body."""
    return any(drug.systemic for one in ids if (drug := knowledge.drug_of(one)))


def is_immunotherapy(ids: Iterable[str], knowledge: Knowledge) -> bool:
    return any(drug.immunotherapy for one in ids if (drug := knowledge.drug_of(one)))
