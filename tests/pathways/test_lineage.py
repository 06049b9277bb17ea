"""Which version counts: rank before time, retraction, derived facts whose ground is gone."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pathways.facts import Fact, Rank
from pathways.lineage import current
from tests.pathways.facts import fact, rule


def lineages(facts: list[Fact]) -> list[str]:
    return [one.lineage for one in current(facts)]


def test_a_final_report_is_not_undone_by_a_late_preliminary_one() -> None:
    final = fact("result_final", 5, "F1", issued=5)
    preliminary = fact("result_partial", 4, "F1", rank=Rank.PRELIMINARY, issued=6)
    assert current([final, preliminary]) == [final]


def test_a_correction_beats_the_final_report_whatever_came_first() -> None:
    corrected = fact("result_final", 5, "F1", rank=Rank.CORRECTED, issued=7, findings=["other"])
    assert current([corrected, fact("result_final", 5, "F1", issued=5)]) == [corrected]


def test_a_report_keeps_its_first_day_whatever_came_between_its_versions() -> None:
    first = fact("result_final", 1, issued=1)
    between = fact("result_partial", 2, issued=2)
    last = fact("result_final", 3, issued=3)
    for order in itertools.permutations([first, between, last]):
        assert [one.occurred for one in current(order)] == [first.occurred]


def test_a_retracted_lineage_states_nothing_even_if_it_was_never_seen_before() -> None:
    tombstone = fact("test_ordered", 2, "O1", rank=Rank.CORRECTED, retracted=True)
    assert current([tombstone]) == []
    assert current([tombstone, fact("test_ordered", 1, "O1")]) == []


def test_a_visit_that_was_kept_had_been_booked() -> None:
    booked, moved = fact("visit_booked", 1, "V1", issued=1), fact("visit_moved", 2, "V1", issued=2)
    kept = fact("visit_kept", 9, "V1", issued=9)
    assert current([kept, moved, booked]) == [booked, moved, kept]
    wrong = fact("visit_kept", 9, "V1", rank=Rank.CORRECTED, retracted=True)
    assert current([kept, moved, booked, wrong]) == []


def test_an_order_that_stands_again_was_not_cancelled_before_it_was_placed() -> None:
    order, cancelled = fact("test_ordered", 1, "O1", issued=4), fact("order_cancelled", 3, "O1", issued=3)
    assert current([cancelled, order]) == [order]
    assert current([fact("test_ordered", 1, "O1", issued=1), cancelled]) == [fact("test_ordered", 1, "O1", issued=1), cancelled]


def test_a_derived_fact_falls_with_what_it_rests_on_and_so_do_those_that_rest_on_it() -> None:
    result = fact("result_final", 5, "F1", issued=5)
    flag = rule("flagged_actionable", 5, basis={"lineages": {result.lineage: result.digest}})
    matched = rule("matched_therapy", 9, basis={"lineages": {flag.lineage: flag.digest}})
    assert lineages([matched, flag, result]) == [result.lineage, flag.lineage, matched.lineage]
    corrected = fact("result_final", 5, "F1", rank=Rank.CORRECTED, issued=7, findings=["none"])
    assert current([matched, flag, result, corrected]) == [corrected]


def test_of_two_derivations_the_one_whose_ground_holds_counts() -> None:
    old, new = fact("result_final", 5, "F1", issued=5), fact("result_final", 5, "F1", rank=Rank.CORRECTED, issued=6, text="new")
    of_old = rule("flagged_actionable", 5, basis={"lineages": {old.lineage: old.digest}}, rank=3)
    of_new = rule("flagged_actionable", 5, basis={"lineages": {new.lineage: new.digest}}, rank=2)
    assert current([old, of_old]) == [old, of_old]
    assert current([old, new, of_old, of_new]) == [new, of_new]


def test_what_rests_on_itself_never_counts() -> None:
    one = rule("flagged_actionable", 1, "a", basis={"lineages": {"EHR|cannot_say|b": "x"}})
    other = rule("cannot_say", 1, "b", basis={"lineages": {one.lineage: one.digest}})
    assert current([one, other]) == []


@given(st.permutations([fact("result_final", 5, "F1", issued=5), fact("result_final", 5, "F1", issued=6, text="b"),
                        fact("result_partial", 4, "F1", rank=1, issued=9), fact("test_ordered", 5, "O1"), fact("test_ordered", 5, "O2")]))  # fmt: skip
def test_neither_order_nor_duplicates_matter(facts: list[Fact]) -> None:
    assert current([*facts, *facts]) == current(sorted(facts, key=lambda one: one.digest))


def test_facts_of_one_instant_are_told_in_clinical_order() -> None:
    facts = [
        fact("result_final", 0, "F"),
        fact("test_ordered", 0, "O"),
        fact("specimen_collected", 0, "S"),
        fact("enrolled", 0),
        fact("exited", 0),
    ]
    assert [one.kind for one in current(facts)] == ["enrolled", "test_ordered", "specimen_collected", "result_final", "exited"]
