"""Whom we may reach, and when it is better to be silent: STOP, death, a laboratory that says nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications.views.lanes import candidates

from .letters import L858R
from .telling import Hospital, day

pytestmark = pytest.mark.django_db


def test_stop_ends_the_texts_and_never_the_journey(hospital: Hospital) -> None:
    """Ana answers STOP to a reminder. The provider confirms it once, whatever she sends again, and then there is silence, while her journey
    goes on and nurse Dara calls where a text would have gone. START brings texts back."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(3)))
    hospital.live_until(1)
    assert len(hospital.texts_to(ana)) == 1
    hospital.replies(ana, "STOP")
    hospital.send()
    hospital.replies(ana, "Stop.")
    hospital.live_until(2)
    assert ["unsubscribed" in text for text in hospital.texts_to(ana)] == [False, True]
    hospital.at(3)
    hospital.hears(ana.visit(day(3), came=False))
    hospital.live_until(8)
    assert len(hospital.texts_to(ana)) == 2
    assert "visit-missed" in hospital.asked(hospital.dara)
    hospital.hears(ana.test_ordered(), ana.tissue_taken())
    assert hospital.where(ana).phase == "sampled"

    hospital.at(9)
    hospital.replies(ana, "START")
    hospital.send()
    assert "texts from us again" in hospital.texts_to(ana)[-1]
    before = len(hospital.texts_to(ana))
    hospital.hears(ana.visit(day(14), name="AGAIN"))
    hospital.live_until(14)
    assert "visit with us coming up" in hospital.texts_to(ana)[-1]
    assert len(hospital.texts_to(ana)) == before + 1


def test_death_silences_texts_and_stalls_and_keeps_what_still_comes(hospital: Hospital) -> None:
    """Ana dies while her tissue is at the laboratory. Her visit is not mentioned, nobody is asked for a result; the report that comes all
    the same is filed with her journey."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(5)
    hospital.hears(ana.visit(day(30)))
    hospital.live_until(20)
    assert hospital.everybodys_work()
    hospital.at(21)
    hospital.hears(ana.died())
    hospital.live_until(35)
    assert hospital.texts_to(ana) == []
    assert not [problem for problem in hospital.everybodys_work() if problem in ("no-result", "visit-outcome-unknown")]
    assert (hospital.where(ana).status, hospital.where(ana).exit, hospital.where(ana).waits) == ("exited", "deceased", {})

    hospital.at(36)
    assert hospital.hears(ana.report(EGFR=L858R)).applied == 1
    hospital.live_until(40)
    assert "result_final" in hospital.facts_of(ana)
    assert hospital.where(ana).status == "exited"
    assert hospital.texts_to(ana) == []


def test_a_silent_laboratory_is_no_stalled_patient(hospital: Hospital) -> None:
    """The laboratory's interface is down. Nobody is told that Ana's and Bea's results are overdue, because nobody can know. When it comes
    back with Bea's report, Ana's wait is judged afresh and only hers rings."""
    hospital.expects("result_final", "result_failed", "specimen_rejected", from_="lab", at_least_every=timedelta(days=2))
    ana, bea = hospital.in_the_laboratory("Ana"), hospital.in_the_laboratory("Bea", "Brandt", "+16175550102")
    hospital.live_until(26)
    assert "no-result" not in hospital.everybodys_work()
    hospital.at(27)
    hospital.hears(bea.report(EGFR=L858R))
    hospital.live_until(27)
    assert [item.patient_id for item in hospital.queue_of(hospital.lars) if item.problem == "no-result"] == [hospital.patient(ana).pk]


def test_a_suspected_candidate_whose_disease_is_confirmed_stays_on_one_journey(hospital: Hospital) -> None:
    """A referral for a nodule makes Ana a candidate; nurse Dara accepts her. The biopsy proves advanced cancer: same journey, now waiting
    for the order."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.referred())
    assert hospital.journeys(ana) == []
    assert [matter.patient_id for matter in candidates(hospital.dara)] == [hospital.patient(ana).pk]
    hospital.at(1)
    hospital.accepts(hospital.dara, ana)
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("identified", "to_biopsy")
    hospital.at(7)
    hospital.hears(ana.tissue_taken())
    assert hospital.where(ana)["main"] == "to_diagnose"
    hospital.at(10)
    hospital.hears(ana.has_lung_cancer())
    assert len(hospital.journeys(ana)) == 1
    assert (hospital.journey(ana).entry, hospital.where(ana)["main"]) == ("suspected", "to_order")
    assert not candidates(hospital.dara).exists()
