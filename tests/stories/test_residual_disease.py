"""Residual disease: a draw every three months for years. A missed one shifts only itself, and one that finds disease opens its own branch."""

from __future__ import annotations

import pytest

from pathways.models import Event, Turn

from .letters import RESIDUAL_TEST, Chart
from .telling import AFTERNOON, RESIDUAL, Hospital, day

pytestmark = pytest.mark.django_db


def operated(hospital: Hospital, given: str = "Ana") -> Chart:
    """Her colon was operated on Monday; the test is ordered after a week, the first blood drawn a week later, the first result after five."""
    ana = hospital.knows(given)
    hospital.at(0)
    hospital.hears(ana.sheet("surgery_done", text="Right hemicolectomy"))
    hospital.at(7)
    hospital.hears(ana.test_ordered("MRD", specimen="plasma", test=RESIDUAL_TEST))
    assert hospital.where(ana, RESIDUAL)["main"] == "to_sample"
    draws(hospital, ana, 14)
    hospital.at(42)
    hospital.hears(ana.residual_disease("M14", found=False))
    told(hospital, ana)
    assert hospital.where(ana, RESIDUAL).waits == {"main": "surveillance"}
    return ana


def draws(hospital: Hospital, who: Chart, on: int) -> None:
    hospital.at(on)
    hospital.hears(who.blood_drawn(f"M{on}", order="MRD"))


def told(hospital: Hospital, who: Chart) -> None:
    hospital.records(hospital.petra, who, "result_communicated", RESIDUAL, how="phone")


def afternoons(hospital: Hospital, *days: int) -> None:
    """The clock ticks and texts go out on these days only: the years are long."""
    for today in days:
        hospital.at(today, AFTERNOON)
        hospital.tick()
        hospital.send()


def turns(hospital: Hospital, who: Chart, kind: str) -> list[int]:
    rows = Event.objects.filter(patient=hospital.patient(who), kind=kind).order_by("occurred_lo")
    return [row.body["occurrence"] for row in rows]


def test_a_missed_draw_comes_to_the_navigator_and_shifts_only_itself(hospital: Hospital) -> None:
    """Three months after surgery the window opens, Ana is reminded once, and does not come. Dara calls, Ana comes three weeks late, and the
    next draw is due six months after surgery as if nothing had happened."""
    ana = operated(hospital)
    afternoons(hospital, 70, 77)
    assert hospital.texts_to(ana) == []
    afternoons(hospital, 79, 84, 86, 93, 100)
    assert hospital.where(ana, RESIDUAL).waits == {"main": "surveillance", "draws": "due"}
    assert len(hospital.texts_to(ana)) == 1
    assert hospital.asked(hospital.dara) == ["draw-due"]
    afternoons(hospital, 107, 113)
    assert hospital.where(ana, RESIDUAL)["draws"] == "missed"
    assert "draw-missed" in hospital.asked(hospital.dara)
    item = hospital.takes(hospital.dara, hospital.item("draw-missed", hospital.dara))
    hospital.finishes(hospital.dara, item, "handled", note="comes on Tuesday")
    draws(hospital, ana, 127)
    assert hospital.where(ana, RESIDUAL).waits == {"main": "surveillance", "sample": "at_lab"}
    hospital.at(134)
    hospital.hears(ana.residual_disease("M127", found=False))
    assert hospital.where(ana, RESIDUAL)["sample"] == "to_tell"
    told(hospital, ana)
    afternoons(hospital, 150, 171)
    stay = hospital.journey(ana, RESIDUAL).stays.open().get(track="draws")
    assert stay.occurrence == 2
    assert stay.due_at is not None
    assert stay.due_at.date() == day(198).date()  # the second of September and a fortnight
    assert turns(hospital, ana, "occurrence_missed") == [1]
    draws(hospital, ana, 184)
    assert turns(hospital, ana, "occurrence_met") == [1, 2]


def test_the_clock_alone_calls_a_draw_missed_and_dates_it_by_the_schedule(hospital: Hospital) -> None:
    """Nobody looked for ten days. What the sweep then states happened when the window ended, not when it looked."""
    ana = operated(hospital)
    hospital.at(116)
    assert hospital.tick().turned == 1
    assert hospital.tick().turned == 0
    (missed,) = Event.objects.filter(kind="occurrence_missed")
    assert missed.occurred_lo == day(107, 0)
    assert missed.basis is not None
    assert Turn.objects.get(journey=hospital.journey(ana, RESIDUAL)).at > hospital.now


def test_a_draw_that_finds_disease_opens_its_own_branch_and_no_text_goes_out(hospital: Hospital) -> None:
    """Dr. Petra has two working days; then pictures, then a decision. The draws go on beside it, but Ana is not texted about them."""
    ana = operated(hospital)
    draws(hospital, ana, 92)
    hospital.at(99)
    hospital.hears(ana.residual_disease("M92", found=True))
    assert hospital.where(ana, RESIDUAL)["positive"] == "to_review"
    afternoons(hospital, 100, 102)
    assert "positive-not-reviewed" in hospital.everybodys_work()
    hospital.records(hospital.petra, ana, "result_reviewed", RESIDUAL, clinician="Petra")
    told(hospital, ana)
    assert hospital.where(ana, RESIDUAL)["positive"] == "to_image"
    hospital.hears(ana.sheet("imaging_done", text="CT of the trunk"))
    assert hospital.where(ana, RESIDUAL)["positive"] == "to_decide"
    hospital.at(110)
    hospital.records(hospital.petra, ana, "treatment_decided", RESIDUAL, decision="other", reason="liver metastasis, surgery")
    assert hospital.where(ana, RESIDUAL).waits == {"main": "confirm_end"}
    hospital.records(hospital.dara, ana, "exited", RESIDUAL, reason="recurrence_treated")
    assert hospital.where(ana, RESIDUAL).outcome == "recurrence_treated"
    afternoons(hospital, 150, 171, 180, 200)
    assert hospital.texts_to(ana) == []
    assert turns(hospital, ana, "occurrence_due") == [1]


def test_a_window_during_therapy_is_skipped_and_nobody_is_asked(hospital: Hospital) -> None:
    """Chemotherapy holds the draws. What falls into it is neither due nor missed; the schedule goes on where it stands."""
    ana = operated(hospital)
    for n, on in enumerate((60, 81, 102)):
        hospital.at(on)
        hospital.hears(ana.infusion("40048^oxaliplatin^RXNORM", f"IV{n}"))
    afternoons(hospital, 103, 106, 108, 120)
    assert turns(hospital, ana, "occurrence_skipped") == [1]
    assert hospital.everybodys_work() == []
    assert hospital.texts_to(ana) == []
    afternoons(hospital, 172)
    assert hospital.journey(ana, RESIDUAL).stays.open().get(track="draws").occurrence == 2
