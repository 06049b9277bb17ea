"""Code first, then name, else a person looks."""

from __future__ import annotations

import pytest

from pathways.knowledge.drugs import ingredients, matches


@pytest.mark.parametrize(
    ("entry", "placed"),
    [
        ({"rxcui": "1721560", "text": "anything"}, {"1721560"}),
        ({"rxcui": "rxcui|1721560"}, {"1721560"}),
        ({"rxcui": "1721565", "text": "osimertinib 80 MG Oral Tablet [Tagrisso]"}, {"1721560"}),
        ({"text": "TAGRISSO 80MG TABS"}, {"1721560"}),
        ({"text": "Fam-trastuzumab deruxtecan-nxki 100 mg"}, {"2267582"}),
        ({"text": "trastuzumab-dkst"}, {"224905"}),
        ({"text": "inj, pembrolizumab, 1 mg", "code": "hcpcs|J9271"}, {"1547545"}),
        ({"text": "dabrafenib mesylate / trametinib"}, {"1424911", "1425099"}),
        ({"text": "CARBOplatin AUC 5"}, {"40048"}),
        ({"text": "study drug"}, None),
        ({}, None),
    ],
)
def test_drugs_are_placed(entry: dict[str, str], placed: set[str] | None) -> None:
    assert ingredients(entry) == placed


def test_a_regimen_is_matched_whole_and_doubt_is_not_a_no() -> None:
    rule = ["braf-dabrafenib-trametinib"]
    assert matches(rule, [{"text": "dabrafenib"}, {"text": "trametinib"}]) is True
    assert matches(rule, [{"text": "dabrafenib"}]) is False
    assert matches(rule, [{"text": "dabrafenib"}, {"text": "kit 17"}]) is None
