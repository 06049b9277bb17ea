"""An event log of others becomes journeys of a definition, through the intake, and the reports can be checked against it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from pathways.definitions import registry
from pathways.models import Journey
from pathways.reports.cohort import Question, cohort
from pathways.reports.drop_off import drop_off
from pathways.reports.time import times
from patients.models import Patient

pytestmark = pytest.mark.django_db
LOG = """\
case id;activity;when;payer;note
NA;registered;2025-01-01 08:00;Medicare;a case named NA
NA;triage;2025-01-01 08:00;Medicare;the same minute
NA;treated;2025-01-03 08:00;Medicare;
B;registered;2025-01-02 10:00;;
B;triage;2025-01-01 10:00;;before the first step
B;treated;2025-01-12 10:00;;
C;registered;2025-01-02 11:00;Medicaid;
C;triage;;Medicaid;nobody wrote down when
C;went home;2025-01-05 11:00;Medicaid;
D;registered;2025-01-04 09:00;;open at the end
D;registered;2025-01-04 09:00;;twice in the log
"""
MAPPING = """\
case: case id
activity: activity
time: when
time_format: "%Y-%m-%d %H:%M"
separator: ";"
attributes: {payer: payer}
pathway:
  code: emergency
  title: Emergency room
  steps: [registered, triage, treated]
  completes: [treated]
  exits: {went home: patient_choice}
"""


@pytest.fixture
def imported(tmp_path: Path) -> Any:
    registry.clear()

    def take_in(log: str = LOG, mapping: str = MAPPING) -> dict[str, Any]:
        (tmp_path / "log.csv").write_text(log)
        (tmp_path / "mapping.yaml").write_text(mapping)
        out = StringIO()
        call_command("import_log", tmp_path / "log.csv", mapping=tmp_path / "mapping.yaml", json=True, stdout=out)
        return dict(json.loads(out.getvalue()))

    yield take_in
    registry.clear()


def asked(day: str = "2025-01-20T00:00+00:00") -> Question:
    from datetime import datetime

    return Question(pathway="emergency", as_of=datetime.fromisoformat(day), funnel="steps", hindsight=True)


def test_cases_become_journeys_and_what_cannot_be_dated_is_counted(imported: Any) -> None:
    answer = imported()
    assert (answer["quarantined"], answer["reasons"]) == (1, {"csv_date": 1})
    assert sorted(Patient.objects.values_list("identifiers__value", flat=True)) == ["case:B", "case:C", "case:D", "case:NA"]
    report = drop_off(asked())
    assert report.n == 4
    assert [(step.name, step.entered, step.cells["reached"]) for step in report.steps] == [
        ("registered", 4, 4), ("triage", 4, 2), ("treated", 2, 2),
    ]  # fmt: skip
    assert {(end.kind, end.reason): end.count for end in report.ends} == {("completed", "treated"): 2, ("patient_choice", "went_home"): 1}
    assert report.steps[1].cells["open"] == 1


def test_ties_last_no_time_and_backward_steps_are_left_out_and_counted(imported: Any) -> None:
    imported()
    intervals = {(one.start, one.end): one for one in times(asked()).intervals}
    assert (intervals["registered", "triage"].n, intervals["registered", "triage"].backwards) == (3, 1)
    assert intervals["triage", "treated"].median_days.value == 2


def test_the_same_log_again_adds_nothing(imported: Any) -> None:
    imported()
    first = Journey.objects.count()
    answer = imported()
    assert (answer["applied"], Journey.objects.count()) == (0, first)


def test_a_date_alone_stays_a_date(imported: Any) -> None:
    imported("case,act,at\nX,registered,2025-03-01\nX,triage,2025-03-01\n", MAPPING.replace("case id", "case").replace("activity: activity", "activity: act")
             .replace("time: when", "time: at").replace('time_format: "%Y-%m-%d %H:%M"\n', "").replace('separator: ";"\n', "").replace("attributes: {payer: payer}\n", ""))  # fmt: skip
    report = drop_off(asked("2025-04-01T00:00+00:00"))
    assert [(step.cells["reached"], step.already) for step in report.steps] == [(1, 0), (1, 0), (0, 0)]


def test_who_came_from_elsewhere_is_at_risk_only_from_then_on(imported: Any) -> None:
    log = "case id;activity;when;seen\nE;registered;2025-01-01 00:00;2025-01-06T00:00+00:00\n"
    imported(log, MAPPING.replace("attributes: {payer: payer}", "observed_from: seen"))
    (member,) = cohort(asked()).members
    assert Journey.objects.get(pk=member.id).observed_from is not None


def test_a_mapping_that_does_not_fit_says_what_there_is(imported: Any) -> None:
    with pytest.raises(CommandError, match="case id"):
        imported(mapping=MAPPING.replace("case id", "patient"))
    with pytest.raises(CommandError, match="line 2"):
        imported(mapping=MAPPING.replace("%H:%M", "%H.%M"))


def test_what_went_in_comes_out_for_process_mining_tools(imported: Any) -> None:
    imported()
    xes, ocel = StringIO(), StringIO()
    call_command("export_log", pathway="emergency", stdout=xes)
    call_command("export_log", pathway="emergency", format="ocel", stdout=ocel)
    log = ElementTree.fromstring(xes.getvalue())  # noqa: S314 (our own)
    space = "{http://www.xes-standard.org/}"
    told = sorted(
        "".join(one.attrib["value"][0] for event in trace.iter(f"{space}event") for one in event if one.get("key") == "concept:name" and one.attrib["value"] != "enrolled")
        for trace in log.iter(f"{space}trace")
    )  # fmt: skip
    assert told == ["rr", "rtt", "rw", "trt"]
    events = json.loads(ocel.getvalue())
    assert {one["type"] for one in events["objects"]} == {"journey"}
    assert len(events["events"]) == sum(map(len, told)) + 4
    assert "case:" not in xes.getvalue() + ocel.getvalue()
