"""What another version changes is said in words, all of it and nothing else."""

from __future__ import annotations

import pytest

from pathways.definitions.differing import differences
from pathways.definitions.publish import catalogue
from pathways.definitions.reading import read_path, read_text, with_order
from pathways.definitions.schema import Pathway
from tests.pathways.test_definitions import SMALL


def pathway(text: str) -> Pathway:
    return Pathway.model_validate(read_text(text).body)


def said(*changes: tuple[str, str]) -> list[str]:
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(one) for one in differences(pathway(SMALL), pathway(text))]


@pytest.mark.parametrize("path", catalogue(), ids=lambda path: path.stem)
def test_a_programme_does_not_differ_from_itself_nor_from_what_was_stored_of_it(path: object) -> None:
    body = read_path(path).body  # type: ignore[arg-type]
    assert differences(Pathway.model_validate(body), Pathway.model_validate(with_order(body))) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("within: 5 working days", "within: 3 working days", "main.waiting: deadline from 5 working days to 3 working days"),
        ("source: local default", "source: a published standard", "main.waiting: source from local default to a published standard"),
        ("{at: +3 days, to: lead,", "{at: +2 days, to: lead,", "main.waiting: lead rings from +3 days to +2 days"),
        ("          - {at: 0, to: navigator}\n", "", "main.waiting: reaction removed: navigator at 0"),
        ("ball: clinic", "ball: lab", "main.waiting: waiting for from clinic to lab"),
        ("{deceased: competing}", "{deceased: competing, moved: administrative}", "exit: moved added: administrative"),
        ("title: A small pathway", "title: A smaller pathway", "programme: title from A small pathway to A smaller pathway"),
        ("reached_by: [enrolled]}", "reached_by: [enrolled, diagnosis]}", "milestone: identified from "),
        ("code: C34*}", "code: [C34*, C33]}", "programme: enrol rule removed: "),
        ("primary_group: any", "primary_group: any\nlook_back: 90 days", "programme: look back from 180 days to 90 days"),
    ],
)  # fmt: skip
def test_each_change_is_said(old: str, new: str, words: str) -> None:
    assert any(one.startswith(words) for one in said((old, new)))


def test_a_stage_that_comes_is_one_line_and_the_moves_to_it_another() -> None:
    told = "told: {label: told, within: 1 day, source: local default, ball: clinic, awaits: [exited], ladder: [{at: 0, to: lead}]}"
    found = said(("drug_received, completes: treated}", "drug_received, to: told}"), ("milestones:", f"      {told}\nmilestones:"))
    assert found == [
        "main.waiting: move removed: on drug_received completes treated",
        "main.waiting: move added: on drug_received to told",
        "main.told: stage added: told, within 1 day, waiting for clinic",
    ]
