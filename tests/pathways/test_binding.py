"""Which fact belongs to which journey: ids before reasons before listening, never the newest, never all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pathways.binding import Bindings, JourneyView, bind
from pathways.facts import Fact
from tests.pathways.facts import ABSENT, PRESENT, act, day, definition, fact

ORDER = fact("test_ordered", 1, "O1", "placer:O1", specimen_class="tissue")
SAMPLE = fact("specimen_collected", 2, "S1", "placer:O1", "specimen:S1", specimen_class="tissue")
RECEIPT = fact("specimen_received", 4, "S1", "specimen:S1", "accession:A1", specimen_class="tissue")
RESULT = fact("result_final", 9, "F1", "accession:A1", specimen_class="tissue", findings=PRESENT)
LAB_RESULT = fact("result_final", 9, "K1", code="loinc|2823-3", findings=[])


def view(
    number: int = 1, code: str = "nsclc-biomarker", *, opened: float = 0, ended: float | None = None, **more: frozenset[str]
) -> JourneyView:
    ended_at: datetime | None = None if ended is None else day(ended)
    return JourneyView(number, definition(code), "lung", day(opened), day(opened) - timedelta(days=180), ended_at, **more)


def found(bindings: Bindings) -> dict[str, set[tuple[int, str]]]:
    answer: dict[str, set[tuple[int, str]]] = {}
    for bound in bindings.bound:
        answer.setdefault(bound.lineage, set()).add((bound.journey_id, bound.how))
    return answer


def how(facts: Iterable[Fact], *journeys: JourneyView) -> dict[str, set[tuple[int, str]]]:
    return found(bind(list(facts), list(journeys)))


def test_one_journey_that_listens_takes_the_order_and_ids_carry_the_rest() -> None:
    answer = how([RESULT, RECEIPT, SAMPLE, ORDER], view())
    assert answer[ORDER.lineage] == {(1, "only_listener")}
    assert (
        answer[SAMPLE.lineage] == answer[RECEIPT.lineage] == answer[RESULT.lineage] == {(1, "order")}
        or (1, "specimen") in answer[RECEIPT.lineage]
    )


def test_a_potassium_is_of_no_journey_and_asks_nobody() -> None:
    bindings = bind([LAB_RESULT], [view()])
    assert not bindings.bound
    assert not bindings.unbound


def test_two_listening_journeys_are_ambiguous_until_an_id_decides() -> None:
    first, second = view(1), view(2, opened=30)
    bindings = bind([ORDER], [first, second])
    assert not bindings.bound
    assert bindings.ambiguous == ((ORDER.lineage, (1, 2)),)
    decided = view(2, opened=30, attached=frozenset({ORDER.lineage}))
    answer = how([ORDER, SAMPLE], first, decided)
    assert answer[ORDER.lineage] == {(2, "person")}
    assert answer[SAMPLE.lineage] == {(2, "order")}


def test_a_coded_reason_decides_between_programmes() -> None:
    order = fact("test_ordered", 1, "O3", "placer:O3", specimen_class=None, text="genetic panel", reasons=["icd10|C34.11"])
    assert how([order], view(1), view(2, "pgx-reactive"))[order.lineage] == {(1, "reason")}


def test_one_report_may_feed_two_programmes_that_both_ordered_it() -> None:
    lung = fact("test_ordered", 1, "O1", "placer:O1", specimen_class="tissue")
    other = fact("test_ordered", 1, "O2", "placer:O2", text="CYP2C19 genotype", specimen_class="blood")
    report = fact("result_final", 9, "F9", "placer:O1", "placer:O2", findings=PRESENT)
    answer = how([lung, other, report], view(1), view(2, "pgx-reactive"))
    assert answer[report.lineage] == {(1, "order"), (2, "order")}


def test_an_ended_journey_hears_what_came_before_its_end_and_later_facts_by_id_only() -> None:
    ended = view(ended=5)
    late = fact("test_ordered", 8, "O7", "placer:O7", specimen_class="tissue")
    answer = bind([ORDER, RESULT, RECEIPT, SAMPLE, late], [ended])
    assert {bound.lineage for bound in answer.bound} == {ORDER.lineage, SAMPLE.lineage, RECEIPT.lineage, RESULT.lineage}
    assert answer.unbound == (late.lineage,)


def test_what_came_before_the_look_back_is_not_of_this_episode() -> None:
    old = fact("test_ordered", -200, "O9", "placer:O9", specimen_class="tissue")
    assert not bind([old], [view()]).bound


def test_a_result_with_findings_that_fits_nowhere_asks_a_person() -> None:
    assert bind([RESULT], []).unbound == (RESULT.lineage,)
    assert bind([ORDER], []).unbound == ()


def test_a_person_who_takes_a_fact_away_is_obeyed() -> None:
    answer = bind([ORDER, SAMPLE], [view(detached=frozenset({ORDER.lineage}))])
    assert ORDER.lineage not in {bound.lineage for bound in answer.bound}


def test_a_death_belongs_to_every_journey_of_the_person() -> None:
    death = fact("death", 40)
    assert how([death], view(1), view(2, "pgx-reactive", opened=35))[death.lineage] == {(1, "patient"), (2, "patient")}


def test_acts_and_derived_facts_are_bound_by_those_who_make_them() -> None:
    bindings = bind([act("enrolled", 0), act("held", 3)], [view()])
    assert not bindings.bound
    assert not bindings.unbound


def test_a_cancer_drug_is_heard_an_antacid_is_not() -> None:
    drug = fact("drug_ordered", 20, "X1", drugs=[{"text": "osimertinib 80 MG Oral Tablet"}])
    antacid = fact("drug_ordered", 20, "X2", drugs=[{"text": "omeprazole 20 MG"}])
    answer = how([drug, antacid], view())
    assert answer[drug.lineage] == {(1, "only_listener")}
    assert antacid.lineage not in answer


def test_an_ingredient_decides_between_journeys() -> None:
    drug = fact("drug_ordered", 20, "X1", "ingredient:1721560", drugs=[{"text": "osimertinib"}])
    lung = view(1, keys=frozenset({"ingredient:1721560"}))
    assert how([drug], lung, view(2, "nsclc-biomarker", opened=5))[drug.lineage] == {(1, "ingredient")}


FACTS = [ORDER, SAMPLE, RECEIPT, RESULT, LAB_RESULT, fact("death", 50), fact("test_ordered", 20, "O2", "placer:O2", specimen_class="plasma"),
         fact("result_final", 29, "F2", "placer:O2", specimen_class="plasma", findings=ABSENT)]  # fmt: skip


@given(st.permutations(FACTS), st.permutations([view(1), view(2, opened=30), view(3, "pgx-reactive")]))
def test_neither_the_order_of_facts_nor_of_journeys_matters(facts: list[Fact], journeys: list[JourneyView]) -> None:
    assert bind(facts, journeys) == bind(FACTS, [view(1), view(2, opened=30), view(3, "pgx-reactive")])


@given(st.lists(st.sampled_from(FACTS), unique_by=lambda one: one.lineage), st.booleans())
def test_every_fact_is_bound_or_not_and_never_both(facts: list[Fact], two: bool) -> None:
    bindings = bind(facts, [view(1), view(2, opened=30)] if two else [view(1)])
    bound = {one.lineage for one in bindings.bound}
    ambiguous = {lineage for lineage, _ in bindings.ambiguous}
    assert not bound & set(bindings.unbound)
    assert not bound & ambiguous
    assert not ambiguous & set(bindings.unbound)
    assert bound | ambiguous | set(bindings.unbound) <= {one.lineage for one in facts}
