"""Journeys that became one because their patients did: what of the younger goes on in the older. Pure, and so undone by itself when the
void is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from pathways.facts import Fact

MERGED = "merged_into"
LIFE = frozenset({"enrolled", "exited", "voided", "restored", "reopened", "migrated"})
"""Acts on a journey itself; all others are about the patient's care and count in the journey that goes on."""


def merged_into(facts: Sequence[Fact]) -> dict[int, set[str]]:
    """Of each journey the keys of those that were merged into it, chains followed. `facts` are current and in order."""
    into: dict[str, int] = {}
    for fact in facts:
        if fact.kind == "voided" and fact.body.get("reason") == MERGED and fact.body.get("into"):
            into.update((key, int(fact.body["into"])) for key in fact.keys)
        elif fact.kind == "restored":
            for key in fact.keys:
                into.pop(key, None)
    found: dict[int, set[str]] = {}
    for key in into:
        seen, older = {key}, into.get(key)
        while older is not None and f"journey:{older}" not in seen:
            seen.add(f"journey:{older}")
            found.setdefault(older, set()).add(key)
            older = into.get(f"journey:{older}")
    return found


def carries_over(fact: Fact) -> bool:
    return fact.basis is None and fact.kind not in LIFE
