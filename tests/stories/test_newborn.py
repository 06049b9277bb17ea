"""Newborn screening as the follow-up nurse tells it: who was not screened, whose spot said nothing, whose answer cannot wait."""

from __future__ import annotations

import pytest

from .nursery import NEWBORN, OUT_OF_RANGE, child, opens
from .telling import Hospital

pytestmark = pytest.mark.django_db


def test_a_positive_screen_goes_from_the_laboratory_to_the_diet_in_a_week(hospital: Hospital) -> None:
    """Baby Boy Smith is born on Monday at nine. His spot is taken on Tuesday afternoon and is out of range, marked critical, on Friday
    morning. Nurse Dara has hours, not days: the paediatrician, the mother, the metabolic clinic; a week after birth he drinks another milk."""
    opens(hospital)
    hospital.at(0)
    boy = child(hospital)
    hospital.hears(boy.born_here())
    assert (hospital.where(boy, NEWBORN).phase, hospital.where(boy, NEWBORN)["main"]) == ("identified", "to_offer")
    hospital.at(0, 15)
    hospital.hears(boy.screen_ordered())
    hospital.at(1, 15)
    hospital.hears(boy.spot_taken())
    assert hospital.where(boy, NEWBORN).phase == "sampled"
    hospital.at(2, 12)
    hospital.hears(boy.spot_at_lab())
    hospital.at(4, 9)
    hospital.hears(boy.screened(OUT_OF_RANGE, flag="AA", condition="MSUD"))
    assert hospital.where(boy, NEWBORN)["main"] == "critical_notify"
    hospital.tick()
    assert hospital.asked(hospital.dara) == ["critical-not-notified"]

    item = hospital.takes(hospital.dara, hospital.item("critical-not-notified", hospital.dara))
    hospital.at(4, 10)
    hospital.records(hospital.dara, boy, "provider_notified", NEWBORN, to="Dr. Lund", how="phone", read_back=True)
    hospital.finishes(hospital.dara, item, "handled", note="Dr. Lund has it")
    hospital.at(4, 13)
    hospital.records(hospital.dara, boy, "result_communicated", NEWBORN, how="phone", to="mother")
    assert hospital.where(boy, NEWBORN)["main"] == "critical_confirm"
    hospital.at(4, 16)
    hospital.records(hospital.petra, boy, "consulted", NEWBORN, specialty="Metabolic disease")
    hospital.at(7, 9)
    hospital.records(hospital.petra, boy, "diagnosis_resolved", NEWBORN, outcome="true_positive", condition="maple syrup urine disease")
    assert hospital.where(boy, NEWBORN).phase == "decided"
    hospital.records(hospital.petra, boy, "management_recorded", NEWBORN, action="diet")
    where = hospital.where(boy, NEWBORN)
    assert (where.status, where.outcome, where.phase) == ("completed", "treated", "started")
    hospital.live_until(9)
    assert hospital.everybodys_work() == []


def test_a_spot_that_cannot_be_used_is_taken_again_and_only_the_second_answer_counts(hospital: Hospital) -> None:
    """Ada Jones is at home when the laboratory cannot use her spot. Nobody answers the navigator's call within three days, then the second
    spot comes, and only its answer ends it."""
    opens(hospital)
    hospital.at(0)
    ada = child(hospital, "Ada", "Jones")
    hospital.hears(ada.born_here(), ada.screen_ordered())
    hospital.at(1, 15)
    hospital.hears(ada.spot_taken())
    hospital.at(3)
    hospital.hears(ada.spot_at_lab(), ada.screened(quality="Unsatisfactory, insufficient blood"))
    where = hospital.where(ada, NEWBORN)
    assert (where["main"], where["repeat"], where.phase) == ("await_repeat", "to_recollect", "ordered")
    hospital.live_until(5)
    assert hospital.asked(hospital.dara) == ["no-second-spot"]
    hospital.at(6)
    hospital.hears(ada.spot_taken("DBS2", "NBS2"))
    assert hospital.where(ada, NEWBORN)["repeat"] == "again_at_lab"
    hospital.live_until(6)
    assert "no-second-spot" not in hospital.everybodys_work()
    hospital.at(9)
    hospital.hears(ada.screened(accession="DBS2", order="NBS2"))
    assert hospital.where(ada, NEWBORN).outcome == "in_range"


def test_nobody_screens_a_child_and_the_navigator_hears_on_the_second_day_of_life(hospital: Hospital) -> None:
    opens(hospital)
    hospital.at(0)
    leo = child(hospital, "Leo", "Brown")
    hospital.hears(leo.born_here(), leo.screen_ordered())
    hospital.live_until(1)
    assert hospital.asked(hospital.dara) == []
    hospital.live_until(2)
    assert hospital.asked(hospital.dara) == ["no-spot"]


def test_parents_who_refuse_are_on_record_and_a_person_signs(hospital: Hospital) -> None:
    opens(hospital)
    hospital.at(0)
    mia = child(hospital, "Mia", "Green")
    hospital.hears(mia.born_here(), mia.screen_ordered())
    hospital.at(1)
    hospital.hears(mia.sheet("screening_refused", reason="wish of the parents", form="refusal form of 2026"))
    assert hospital.where(mia, NEWBORN)["main"] == "refusal"
    hospital.records(hospital.dara, mia, "exited", NEWBORN, reason="declined_test")
    assert (hospital.where(mia, NEWBORN).status, hospital.where(mia, NEWBORN).exit) == ("exited", "declined_test")


def test_a_known_patients_old_birth_date_is_no_news(hospital: Hospital) -> None:
    """Every message carries a birth date; only a newborn's makes a journey."""
    opens(hospital)
    ana = hospital.knows("Ana")
    assert hospital.journeys(ana) == []
