"""The format: what is refused, by name and line; what publishing does; what ships."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from pathways.definitions import registry
from pathways.definitions.compile import compile_body
from pathways.definitions.guards import BadGuard, compile_guard
from pathways.definitions.publish import NotPublishable, Retired, publish, publish_catalogue
from pathways.definitions.reading import CATALOG, Unacceptable, read_path, read_text
from pathways.definitions.validate import faults_of
from pathways.facts import Grade
from pathways.kinds import KINDS
from pathways.models import PathwayVersion, Rung, Stage
from pathways.replaying.state import Seen, State
from tests.pathways.facts import day, definition, fact

SMALL = """
code: small
title: A small pathway
primary_group: any
entries: {found: {by: rule}}
enrol:
  - {entry: found, when: {kind: diagnosis, code: C34*}, then: enrol}
phases: {identified: found, started: treated}
tracks:
  main:
    start: waiting
    stages:
      waiting:
        label: not treated
        awaits: [drug_received]
        within: 5 working days
        source: local default
        ball: clinic
        problem: untreated
        ladder:
          - {at: 0, to: navigator}
          - {at: +3 days, to: lead, every: 5 working days}
        moves:
          - {on: drug_received, completes: treated}
milestones:
  identified: {phase: identified, spine: true, reached_by: [enrolled]}
  received: {phase: started, spine: true, reached_by: [drug_received]}
completions: {treated: treated}
exits: {deceased: competing}
"""


def rules(text: str) -> list[str]:
    return [fault.rule for fault in faults_of(read_text(text))]


def test_a_small_pathway_has_no_fault() -> None:
    assert not faults_of(read_text(SMALL))


@pytest.mark.parametrize(
    ("written", "instead", "rule"),
    [
        ("within: 5 working days", "within: soon", "bad-duration"),
        ("title: A small pathway", "title: A small pathway\ncolour: red", "unknown-key"),
        ("        within: 5 working days\n", "", "no-deadline"),
        ("        source: local default\n", "", "no-source"),
        ("        ball: clinic\n", "", "no-ball"),
        ("on: drug_received, completes", "on: drug_recieved, completes", "unknown-kind"),
        ("completes: treated}", "completes: healed}", "unknown-completion"),
        ("start: waiting", "start: nowhere", "unknown-stage"),
        ("completes: treated}", "to: nowhere}", "unknown-stage"),
        ("          - {on: drug_received, completes: treated}", "          []", "dead-end-stage"),
        (", to: navigator}", ", to: patient, wording: visit.reminder}", "text-without-ball"),
        (", to: navigator}", ", to: patient, approved_by: Dr Lund, reason: pilot}", "text-without-wording"),
        ("{at: +3 days, to: lead, every: 5 working days}", "{at: +3 days, to: clinician}", "ladder-ends-silent"),
        ("{at: +3 days,", "{at: -3 days,", "ladder-order"),
        ("{phase: started, spine: true,", "{phase: started,", "spine"),
        ("entry: found, when", "entry: lost, when", "unknown-entry"),
        (
            "{on: drug_received, completes: treated}",
            "{on: drug_received, when: {reached: healed}, completes: treated}",
            "unknown-milestone",
        ),
        (
            "{on: drug_received, completes: treated}",
            "{on: drug_received, when: {track: {side: never}}, completes: treated}",
            "unknown-track",
        ),
        ("{on: drug_received, completes: treated}", "{when: {specimen_class: tissue}, completes: treated}", "move-without-kind"),
        ("code: C34*}", "code: {resembles: C34}}", "bad-guard"),
        ("{kind: diagnosis, code: C34*}", "{code: C34*}", "no-kind"),
    ],
)
def test_faults_are_named(written: str, instead: str, rule: str) -> None:
    assert written in SMALL
    assert rule in rules(SMALL.replace(written, instead))


def test_a_stage_that_nothing_leads_to_is_named_with_its_line() -> None:
    lost = SMALL.replace("milestones:\n", "      lost: {label: lost, within: 1 day, source: local default, ball: clinic, awaits: [exited], "
                         "ladder: [{at: 0, to: lead}]}\nmilestones:\n", 1)  # fmt: skip
    (fault,) = faults_of(read_text(lost))
    assert (fault.rule, fault.line) == (
        "unreachable-stage",
        lost.splitlines().index(next(x for x in lost.splitlines() if "lost:" in x)) + 1,
    )
    assert str(fault).startswith(f"definition:{fault.line}: unreachable-stage: tracks.main.stages.lost")


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: !!python/object/apply:os.system [ls]",
        "a: 1\na: 2",
        "- a",
        "a: [",
        "a: " + "[" * 60 + "]" * 60,
        "a: " + "x" * 300_000,
    ],
)
def test_files_that_could_harm_are_refused(text: str) -> None:
    with pytest.raises(Unacceptable):
        read_text(text)


def test_words_stay_words() -> None:
    assert read_text("on: off").body == {"on": "off"}


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_ships_has_no_fault(path: Path) -> None:
    assert [str(fault) for fault in faults_of(read_path(path))] == []


def test_every_target_that_ships_says_where_it_comes_from_and_no_other_number_is_called_a_standard() -> None:
    for code in ("nsclc-biomarker", "pgx-reactive"):
        for stage in definition(code).stages.values():
            assert stage.source is not None
            assert stage.source["text"] == "local default" or re.search(r"CAP|NOLCP|NHS|CMS|42 CFR|CPIC|Columbia", stage.source["text"])


def test_texts_of_the_lung_pathway_go_out_only_while_the_ball_is_the_patients() -> None:
    texts = [(stage, rung) for stage in definition("nsclc-biomarker").stages.values() for rung in stage.ladder if rung.to == "patient"]
    assert {rung.wording for _, rung in texts} >= {"visit.reminder", "pickup.reminder", "call.us"}
    assert all(stage.ball == "patient" and stage.phase != "resulted" for stage, _ in texts)


def test_the_published_funnel_has_the_seven_steps_of_the_paper() -> None:
    assert len(definition("nsclc-biomarker").funnels["published"]) == 8


# includes


INCLUDING = SMALL.replace("milestones:\n", "  payer: {use: prior-authorization, with: {subject: drug, clocks: pharmacy}}\nmilestones:\n", 1)


def test_an_included_track_is_put_in_place_with_its_parameters() -> None:
    pathway = compile_body(read_text(INCLUDING).body)
    assert pathway.stages["payer.submitted"].within is not None
    test = pathway.stages["payer.submitted_expedited"]
    assert str(test.within) == "24 hours"
    assert pathway.digest != compile_body(read_text(INCLUDING.replace("clocks: pharmacy", "clocks: cms_0057")).body).digest


@pytest.mark.parametrize("bad", ["subject: organ", "subject: drug, colour: red"])
def test_an_include_with_other_parameters_is_refused(bad: str) -> None:
    with pytest.raises(Unacceptable):
        read_text(INCLUDING.replace("subject: drug", bad))


@pytest.mark.parametrize("code", ["nothing-there", "pgx-reactive", "../secrets"])
def test_only_tracks_of_the_catalogue_are_included(code: str) -> None:
    with pytest.raises(Unacceptable):
        read_text(INCLUDING.replace("use: prior-authorization", f"use: {code}"))


# guards


@pytest.mark.parametrize(
    ("guard", "body", "holds"),
    [
        ({"specimen_class": ["tissue", "cytology"]}, {"specimen_class": "Cytology"}, True),
        ({"specimen_class": ["tissue", None]}, {}, True),
        ({"specimen_class": "tissue"}, {}, False),
        ({"code": "C34*"}, {"code": "icd10|C34.11"}, True),
        ({"code": "icd10|C34.11"}, {"code": {"code": "icd10|C34.11", "text": "Lung"}}, True),
        ({"code": "C34*"}, {"code": "icd10|C50.1"}, False),
        ({"stage": None}, {"stage": ""}, True),
        ({"stage": {"exists": True}}, {"stage": "IV"}, True),
        ({"text": {"contains": ["lung", "bronch"]}}, {"text": "Left LUNG"}, True),
        ({"tumour_percent": {"at_least": 20}}, {"tumour_percent": 20}, True),
        ({"tumour_percent": {"at_least": 20, "at_most": 30}}, {"tumour_percent": 40}, False),
        ({"tumour_percent": {"at_least": 20}}, {"tumour_percent": "many"}, False),
        ({"histology": {"not": "small_cell"}}, {"histology": None}, True),
        ({"accepted": True}, {"accepted": True}, True),
        ({"accepted": True}, {"accepted": "yes"}, False),
        (
            {"any_finding": {"gene": "EGFR", "presence": "present"}},
            {"findings": [{"gene": "EGFR", "presence": "absent"}, {"gene": "ALK", "presence": "present"}]},
            False,
        ),
        ({"no_finding": {"presence": "present"}}, {"findings": [{"presence": "absent"}]}, True),
        ({"body.entry": "late"}, {"entry": "late"}, True),
        ({"not": {"any": [{"a": 1}, {"a": 2}]}}, {"a": 3}, True),
        ({"all": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 3}, False),
        ({"patient.name": "x"}, {"patient": {"name": "X"}}, True),
    ],
)
def test_guards_say_what_they_mean(guard: dict[str, Any], body: dict[str, Any], holds: bool) -> None:
    test = compile_guard(guard)
    assert test is not None
    assert test(fact("diagnosis", 0, **body), State("")) is holds


def test_guards_ask_what_was_reached_and_where_tracks_stand() -> None:
    state = State("advanced")
    state.seen["test_ordered"] = Seen(day(0), day(0), "x")
    state.places["tissue"] = "qns"

    def holds(guard: dict[str, Any], on: float = 10) -> bool:
        test = compile_guard(guard)
        assert test is not None
        return test(fact("diagnosis", on, grade=Grade.STAFF_ATTESTED), state)

    assert holds({"reached": "test_ordered", "not_reached": "resulted", "entry": "advanced"})
    assert holds({"track": {"tissue": ["qns", "failed"], "plasma": "never"}})
    assert holds({"since": {"milestone": "test_ordered", "at_least": "10 days"}})
    assert not holds({"since": {"milestone": "test_ordered", "at_least": "11 days"}})
    assert holds({"kind": "diagnosis", "grade": "staff_attested"})
    assert not holds({"grade": "system_of_record"})


@pytest.mark.parametrize("guard", [{"a": {"like": 1}}, {"grade": "excellent"}, {"track": "tissue"}, {"all": [{}]}, {"since": "long"}])
def test_guards_that_mean_nothing_are_refused(guard: dict[str, Any]) -> None:
    with pytest.raises(BadGuard):
        compile_guard(guard)


# publishing


@pytest.fixture
def fresh() -> Any:
    registry.clear()
    yield
    registry.clear()


@pytest.mark.django_db
def test_publishing_is_repeatable_and_writes_what_the_sweep_joins(now: datetime, fresh: None) -> None:
    version = publish(text=SMALL, by=None, now=now)
    assert publish(text=SMALL, by=None, now=now + timedelta(days=1)).pk == version.pk
    stage = Stage.objects.get(version=version)
    assert (stage.track, stage.name, stage.problem, stage.awaits) == ("main", "waiting", "untreated", ["drug_received"])
    assert [(rung.n, rung.audience, rung.every) for rung in Rung.objects.filter(stage=stage).order_by("n")] == [
        (0, "navigator", None),
        (1, "lead", timedelta(days=7)),
    ]


@pytest.mark.django_db
def test_a_new_version_retires_the_old_one_which_keeps_its_journeys(now: datetime, fresh: None) -> None:
    old = publish(text=SMALL, by=None, now=now)
    new = publish(text=SMALL.replace("5 working days\n", "4 working days\n"), by=None, now=now)
    old.refresh_from_db()
    assert (old.status, new.number) == ("retired", 2)
    assert registry.published()["small"].version_id == new.pk
    assert str(registry.load(old.pk).definition.stages["main.waiting"].within) == "5 working days"
    with pytest.raises(Retired):
        publish(text=SMALL, by=None, now=now)


@pytest.mark.django_db
def test_a_definition_with_faults_is_not_published(now: datetime, fresh: None) -> None:
    with pytest.raises(NotPublishable, match="unknown-kind"):
        publish(text=SMALL.replace("on: drug_received,", "on: nothing_like_it,"), by=None, now=now)
    assert not PathwayVersion.objects.filter(code="small").exists()


@pytest.mark.django_db
def test_what_was_stored_runs_like_the_file(now: datetime, fresh: None) -> None:
    for version in publish_catalogue(by=None, now=now):
        version.refresh_from_db()
        stored, written = registry.load(version.pk), definition(version.code)
        assert stored.definition.digest == written.digest == version.digest
        assert list(stored.definition.stages) == list(written.stages)
        assert list(stored.definition.milestones) == list(written.milestones)
        assert set(stored.stage_ids) == {(stage.track, stage.name) for stage in written.stages.values()}
    assert not registry.refresh()


# the command


def run(*words: str) -> str:
    out = StringIO()
    call_command("pathways", *words, stdout=out)
    return out.getvalue()


def test_the_command_names_faults_and_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SMALL.replace("ball: clinic", "ball: ''"))
    with pytest.raises(CommandError):
        run("validate", str(bad))
    assert run("validate").strip() == "no fault found"
    assert json.loads(run("schema"))["title"] == "Pathway"


@pytest.mark.django_db
def test_the_command_shows_and_compares(tmp_path: Path, now: datetime, fresh: None) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    publish(path=path, by=None, now=now)
    assert "small v1  A small pathway  (in force)" in run("show")
    assert "main.waiting: not treated; within 5 working days" in run("show", "small")
    assert json.loads(run("show", "small", "--json"))["code"] == "small"
    assert run("diff", str(path)).strip() == "no difference"
    path.write_text(SMALL.replace("within: 5", "within: 9"))
    assert run("diff", str(path)).strip() == "main.waiting: deadline from 5 working days to 9 working days"


# the documents


def test_the_table_of_kinds_is_current() -> None:
    text = (CATALOG.parent.parent / "docs" / "events.md").read_text()
    rows = {kind: said.strip() for kind, said in re.findall(r"^\| `(\w+)` \| ?(.*?) ?\|$", text, re.MULTILINE)}
    assert rows.keys() == KINDS.keys()


def test_the_example_in_the_documents_can_be_published() -> None:
    text = (CATALOG.parent.parent / "docs" / "pathways.md").read_text()
    example = re.search(r"```yaml\n(code: .*?)```", text, re.DOTALL)
    assert example is not None
    assert [str(fault) for fault in faults_of(read_text(example[1]))] == []
