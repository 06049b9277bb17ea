"""The pitfalls that reports of this kind fall into, each a test (clinical practice of pathway reporting)."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.report_files import as_csv
from config.reports import REPORTS
from pathways.models import Binding, Coverage, Event
from pathways.reports import behind, matched, shown
from pathways.reports.cohort import UnknownReport, cohort
from pathways.reports.drop_off import drop_off
from pathways.reports.now import now
from pathways.reports.time import times
from patients.models import Site

from .conftest import DAY_0, Ward


def step(ward: Ward, name: str, **asked: Any) -> Any:
    return next(one for one in drop_off(ward.ask(**asked)).steps if one.name == name)


def test_an_open_journey_is_not_lost(ward: Ward) -> None:
    ward.journey(0, 1)
    ward.journey(0)
    ward.journey(0, ended=30)
    ordered = step(ward, "ordered")
    assert (ordered.entered, ordered.cells["reached"], ordered.cells["open"], ordered.cells["preventable"]) == (3, 1, 1, 1)
    assert ordered.lost == 1


def test_the_cells_of_a_step_are_a_partition_and_chain(ward: Ward) -> None:
    for reached in ([0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5]):
        ward.journey(*reached)
        ward.journey(*reached, ended=60)
    report = drop_off(ward.ask())
    for one, following in zip(report.steps, [*report.steps[1:], None], strict=True):
        assert sum(one.cells.values()) == one.entered
        if following is not None:
            assert following.entered == one.cells["reached"] + one.cells["not_applicable"]


def test_a_patient_with_tissue_and_no_order_stands_before_ordered(ward: Ward) -> None:
    ward.journey(0, None, 2)
    report = drop_off(ward.ask())
    assert next(one for one in report.steps if one.name == "ordered").cells["open"] == 1
    assert next(one for one in report.steps if one.name == "sampled").entered == 0


def test_recent_journeys_are_censored_not_failures(ward: Ward) -> None:
    """Half order on day 10; those who came yesterday have not had ten days. Conversion stays one, and most are not matured."""
    for _ in range(5):
        ward.journey(0, 10)
        ward.journey(364)
    ordered = step(ward, "ordered", horizon_days=30)
    assert ordered.conversion.value == pytest.approx(1.0)
    assert (ordered.measured, ordered.matured) == (10, 5)


def test_death_competes_and_is_not_censored(ward: Ward) -> None:
    ward.journey(0, 20)
    ward.journey(0, ended=5, exit_class="competing", exit_reason="deceased")
    assert step(ward, "ordered").conversion.value == pytest.approx(0.5)


def test_a_transfer_is_censored_at_the_hand_over(ward: Ward) -> None:
    ward.journey(0, 20)
    ward.journey(0, ended=5, exit_class="administrative", exit_reason="transferred")
    assert step(ward, "ordered").conversion.value == pytest.approx(1.0)


def test_not_applicable_is_no_failure_and_leaves_the_conversion(ward: Ward) -> None:
    ward.journey(0, 1, 2, 3, 4, 5)
    skipped = {name: ["not_applicable", None, ""] for name in ("decided", "started")}
    ward.journey(0, 1, 2, 3, milestones=skipped, status="completed", outcome="no_actionable_alteration", ended_at=DAY_0 + timedelta(days=4))
    started = step(ward, "started")
    assert (started.entered, started.cells["reached"], started.cells["not_applicable"]) == (2, 1, 1)
    assert started.conversion.value == pytest.approx(1.0)


def test_a_good_end_is_a_completion_not_an_exit(ward: Ward) -> None:
    ward.journey(0, 1, 2, 3, status="completed", outcome="no_actionable_alteration", ended_at=DAY_0 + timedelta(days=9))
    report = drop_off(ward.ask())
    assert [(end.kind, end.reason) for end in report.ends] == [("completed", "no_actionable_alteration")]
    assert all(one.lost == 0 for one in report.steps)


def test_a_negative_interval_is_left_out_and_counted(ward: Ward) -> None:
    """Archival tissue: collected before the order. It counts as reached; no interval is made up for it."""
    ward.journey(0, 10, 4)
    ward.journey(0, 10, 15)
    sampled = step(ward, "sampled")
    assert (sampled.cells["reached"], sampled.already, sampled.measured) == (2, 1, 1)
    interval = next(one for one in times(ward.ask()).intervals if (one.start, one.end) == ("ordered", "sampled"))
    assert (interval.n, interval.backwards, interval.median_days.value) == (1, 1, 5)


def test_who_still_waits_counts_in_the_median(ward: Ward) -> None:
    """Two arrived within 5 days, three wait for 200: the mean of the arrived would say 4 days."""
    ward.journey(0, 3)
    ward.journey(0, 5)
    for _ in range(3):
        ward.journey(0)
    interval = times(ward.ask(200)).intervals[0]
    assert (interval.n, interval.happened, interval.median_days.value) == (5, 2, None)


def test_one_episode_per_patient_and_primary(ward: Ward) -> None:
    patient = ward.patient()
    ward.journey(0, 1, ended=50, patient=patient)
    ward.journey(100, patient=patient, episode_no=2, episode_kind="progression")
    assert drop_off(ward.ask()).n == 1
    assert drop_off(ward.ask(every_episode=True)).n == 2


def test_merged_records_are_one_patient(ward: Ward) -> None:
    survivor = ward.patient()
    ward.journey(0, 1, patient=survivor)
    ward.journey(5, patient=ward.patient(survivor=survivor), episode_no=2)
    assert drop_off(ward.ask()).n == 1


def test_who_never_counts(ward: Ward) -> None:
    ward.journey(0)
    ward.journey(0, status="void")
    ward.journey(0, prevalent=True)
    ward.journey(0, patient=ward.patient(is_test=True))
    ward.journey(0, home_site=Site.objects.create(code="school", name="School", is_training=True))
    assert drop_off(ward.ask()).n == 1
    assert drop_off(ward.ask(prevalent=True)).n == 2


def test_as_of_an_earlier_day_later_things_have_not_happened(ward: Ward) -> None:
    ward.journey(0, 10, ended=40)
    ward.journey(30)
    report = drop_off(ward.ask(20))
    assert (report.n, report.open, report.ends) == (1, 1, ())
    assert report.steps[2].cells["open"] == 1
    assert drop_off(ward.ask(5)).steps[1].cells["open"] == 1


def test_entries_and_sites_are_kept_apart(ward: Ward) -> None:
    other = Site.objects.create(code="south", name="South")
    ward.journey(0, entry="suspected")
    ward.journey(0, home_site=other)
    assert drop_off(ward.ask(entry="suspected")).n == 1
    assert drop_off(ward.ask(sites=[other.pk])).n == 1
    assert drop_off(ward.ask(sites=[])).n == 0


def test_a_named_funnel_uses_its_own_order(ward: Ward) -> None:
    ward.journey(0, None, 2)
    report = drop_off(ward.ask(funnel="published"))
    assert [(one.name, one.cells["reached"]) for one in report.steps] == [("identified", 1), ("sampled", 1), ("ordered", 0), ("started", 0)]


def test_what_no_site_can_see_is_not_a_zero(ward: Ward) -> None:
    ward.journey(0)
    Coverage.objects.create(site=ward.site, kind="matched_therapy", how="not_observable")
    row = shown.drop_off(drop_off(ward.ask(sites=[ward.site.pk])), exact=True)["steps"][-1]
    assert (row["name"], row["observable"], row["conversion"]) == ("started", False, None)
    assert shown.drop_off(drop_off(ward.ask(sites=[ward.site.pk])))["steps"][1]["observable"] is True


def test_unknown_is_a_stratum(ward: Ward) -> None:
    ward.journey(0, patient=ward.patient(payer="Medicare"))
    ward.journey(0)
    strata = drop_off(ward.ask(by="payer")).strata
    assert {name: part.n for name, part in strata.items()} == {"Medicare": 1, "unknown": 1}


def test_every_number_opens_to_as_many_rows(ward: Ward) -> None:
    for reached in ([0], [0, 1], [0, 1, 2]):
        ward.journey(*reached)
        ward.journey(*reached, ended=60)
    report = drop_off(ward.ask())
    for one in report.steps:
        figures = {
            name: getattr(one, name) for name in ("entered", "measured", "already", "matured", "unseen", "not_due", "unknown", "implied")
        }
        for name, n in {**figures, **one.cells}.items():
            assert len(behind.rows(ward.ask(), f"{one.name}/{name}").uids) == n, name
    for end in report.ends:
        assert len(behind.rows(ward.ask(), f"end/{end.kind}/{end.reason}").uids) == end.count


def test_exits_stand_by_class_and_reason_never_as_one_drop_off(ward: Ward) -> None:
    ward.journey(0, ended=5)
    ward.journey(0, ended=5, exit_class="competing", exit_reason="deceased")
    assert [(end.kind, end.reason, end.count) for end in drop_off(ward.ask()).ends] == [
        ("preventable", "lost_to_follow_up", 1),
        ("competing", "deceased", 1),
    ]


# --- matched over confirmed


def tell(ward: Ward, journey: Any, kind: str, *, attached: bool = True) -> None:
    event = Event.objects.create(
        patient=journey.patient, kind=kind, lineage=f"finalmile|{kind}|{journey.pk}", rank=2, digest=kind, grade=3,
        occurred_lo=DAY_0 + timedelta(days=20), occurred_hi=DAY_0 + timedelta(days=20), received_at=DAY_0,
    )  # fmt: skip
    Binding.objects.create(event=event, journey=journey, attached=True, how="own", at=DAY_0)
    if not attached:
        Binding.objects.create(event=event, journey=journey, attached=False, how="no longer derived", at=DAY_0)


def test_matched_over_all_confirmed_keeps_transfers_in_the_denominator(ward: Ward) -> None:
    treated, gone, waiting, flagged_only = (ward.journey(0, 1, 2, 3) for _ in range(4))
    handed = ward.journey(0, 1, 2, 3, ended=40, exit_class="administrative", exit_reason="transferred")
    for journey in (treated, gone, waiting, handed):
        tell(ward, journey, "flagged_actionable")
        tell(ward, journey, "actionable_confirmed")
    tell(ward, flagged_only, "flagged_actionable")
    tell(ward, treated, "matched_therapy")
    tell(ward, gone, "matched_therapy", attached=False)
    line = drop_off(ward.ask()).matched
    assert (line.confirmed, line.received, line.flagged, line.flagged_matched) == (4, 1, 5, 1)
    assert line.not_matched == {"open": 2, "handed over": 1}
    assert line.share.value == 0.25


@pytest.mark.parametrize("twice", [0, 1])
def test_findings_of_many_journeys_are_those_of_few(ward: Ward, monkeypatch: pytest.MonkeyPatch, twice: int) -> None:
    """Whoever was told a thing twice is looked at whole, alone (1) or, where these are many, with all the others (0)."""
    for kind in ("actionable_confirmed", "matched_therapy", "cannot_say"):
        tell(ward, ward.journey(0, 1, 2, 3), kind)
    tell(ward, ward.journey(0, 1), "flagged_actionable", attached=False)
    few = drop_off(ward.ask()).matched
    monkeypatch.setattr(matched, "FEW", twice)
    assert drop_off(ward.ask()).matched == few
    assert (few.confirmed, few.cannot_say, few.flagged) == (1, 1, 0)


def test_several_steps_at_once_are_the_steps_one_by_one(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        ward.journey(*range(n), ended=None if n % 2 else 20)
    alone = drop_off(ward.ask())
    monkeypatch.setattr("pathways.reports.at_once.MANY", 0)
    assert drop_off(ward.ask()) == alone


def test_cannot_say_has_its_own_column(ward: Ward) -> None:
    tell(ward, ward.journey(0, 1, 2, 3), "cannot_say")
    tell(ward, ward.journey(0, 1, 2, 3), "later_line_actionable")
    tell(ward, ward.journey(0, 1, 2, 3), "not_actionable")
    line = drop_off(ward.ask()).matched
    assert (line.cannot_say, line.later_line, line.not_actionable, line.flagged) == (1, 1, 1, 0)


# --- shown


def test_small_cells_are_hidden_with_their_rates(ward: Ward) -> None:
    for i in range(40):
        ward.journey(0, *([1] if i < 33 else []))
    row = shown.drop_off(drop_off(ward.ask()))["steps"][1]
    assert (row["entered"], row["reached"], row["open"], row["conversion"]) == (40, None, None, None)
    exact = shown.drop_off(drop_off(ward.ask()), exact=True)["steps"][1]
    assert (exact["reached"], exact["open"]) == (33, 7)


def test_a_stratum_cannot_be_had_by_subtracting_the_others(ward: Ward) -> None:
    for payer, n in (("A", 30), ("B", 25), ("C", 4)):
        for _ in range(n):
            ward.journey(0, 1, patient=ward.patient(payer=payer))
    strata = shown.drop_off(drop_off(ward.ask(by="payer")))["strata"]
    assert strata["C"]["steps"][0]["entered"] is None
    assert [strata[payer]["steps"][0]["entered"] for payer in "AB"].count(None) == 1
    assert sum(strata[payer]["n"] is None for payer in "ABC") != 1


def test_command_export_and_function_are_one(ward: Ward) -> None:
    for i in range(30):
        ward.journey(0, *([2] if i < 15 else []))
    out = StringIO()
    call_command("report", "drop-off", pathway="lung", as_of=ward.ask().as_of, stdout=out)
    answer = json.loads(out.getvalue())
    assert answer == shown.drop_off(drop_off(ward.ask()))
    lines = list(csv.DictReader(io.StringIO(as_csv(REPORTS["drop-off"].sheet(ward.ask(), exact=False)))))
    assert [(line["name"], line["reached"]) for line in lines[:2]] == [("identified", "30"), ("ordered", "15")]
    assert {"conversion", "conversion.low", "conversion.high"} <= set(lines[0])


def test_words_in_an_export_cannot_start_a_formula(ward: Ward) -> None:
    ward.journey(0, patient=ward.patient(payer="=HYPERLINK(1)"))
    assert "'=HYPERLINK(1)" in as_csv(REPORTS["drop-off"].sheet(ward.ask(by="payer"), exact=True))


@pytest.mark.parametrize("asked", [{"funnel": "nonsense"}, {"by": "shoe_size"}, {"entry": "nowhere"}])
def test_a_question_about_nothing_says_what_there_is(ward: Ward, asked: dict[str, Any]) -> None:
    with pytest.raises(UnknownReport):
        cohort(ward.ask(**asked))


def test_an_unknown_programme_is_refused_by_the_command(ward: Ward) -> None:
    with pytest.raises(CommandError, match="lung"):
        call_command("report", "now", pathway="moon")


def test_targets_stand_beside_their_interval_with_their_source(ward: Ward) -> None:
    ward.journey(0, 1, 2, 3)
    out = StringIO()
    call_command("report", "time", "--pathway", "lung", "--exact", stdout=out)
    assert json.loads(out.getvalue())["intervals"][-1]["from"] == "identified"


def test_nobody_is_a_report_too(ward: Ward) -> None:
    report = shown.drop_off(drop_off(ward.ask()))
    assert report["n"] == 0
    assert report["steps"][0]["conversion"] == {"value": None, "low": None, "high": None}
    assert now(ward.ask()).journeys == 0
