"""Cascade testing: what relatives get, on whose word, and what it changes that somebody dies, refuses or sends STOP."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from notifications.models import Message
from pathways import cascade
from pathways.models import Journey, JourneyLink
from patients import registry
from patients.demographics import Demographics, StatedIdentifier
from patients.models import Patient, Person
from patients.views.search import find

from . import germline_letters as germline
from .kin import COUSINS, FAMILY, allows, bea, carries_a_variant, names, stands
from .letters import HOSPITAL, Chart
from .telling import Hospital

pytestmark = pytest.mark.django_db


@pytest.fixture
def genetics(hospital: Hospital) -> Hospital:
    for pathway in (FAMILY, COUSINS):
        hospital.goes_live(pathway, accountable="gwen")
    return hospital


def test_a_sister_is_named_invited_joins_and_gets_her_own_result(genetics: Hospital) -> None:
    """Ana names her sister. Gwen may not invite her before Ana allows it; then she does, the sister joins under her own name, is tested and
    carries the variant too. Every step asks Gwen and nobody else."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    link = names(hospital, ana, "sister")
    assert (stands(link), link.degree) == ("to_permit", 1)
    assert link.linked.accountable == hospital.gwen
    hospital.at(31)
    allows(hospital, ana)
    assert stands(link) == "to_invite"
    hospital.live_until(64)
    item = hospital.item("relative-not-invited", hospital.gwen)
    assert "relative-not-invited" not in hospital.asked(hospital.dara)
    hospital.finishes(hospital.gwen, hospital.takes(hospital.gwen, item), "reached")
    assert stands(link) == "to_consent"
    hospital.at(66)
    sister = cascade.join(journey=link.linked, said=bea(), how="by phone", by=hospital.gwen, now=hospital.now)
    assert (str(sister), sister.person.language) == ("Alvarez, Bea", "es")
    assert stands(link) == "to_counsel"
    chart = Chart(0, "Alvarez", "Bea", "1961-05-06", "", lambda: hospital.now)
    object.__setattr__(chart, "no", 77001 - 5000)
    hospital.at(70)
    hospital.hears(chart.sheet("counselled", how="video"), germline.ordered(chart), germline.blood_taken(chart))
    hospital.at(90)
    hospital.hears(germline.report(chart, BRCA2="pathogenic"))
    assert stands(link) == "to_disclose"
    assert {journey.pathway for journey in Journey.objects.filter(patient=sister)} == {COUSINS}, "the result opens no second journey"


def test_who_the_relative_is_stands_nowhere_until_she_joins(genetics: Hospital, capsys: pytest.CaptureFixture[str]) -> None:
    """No name, number, birth date or phone of the sister is kept, and no search, report or log line says more than that there is one."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    link = names(hospital, ana, "sister")
    hospital.live_until(61)
    patient = Patient.objects.get(pk=link.linked.patient_id)
    person = Person.objects.get(pk=patient.person_id)
    assert (person.family, person.given, person.birth_lo, person.language) == ("", "", None, "")
    assert not patient.identifiers.exists()
    assert not person.contact_points.exists()
    assert str(patient).startswith("Relative ")
    for text in ("Relative", patient.pseudonym, "Al"):
        assert patient not in list(find(text, hospital.gwen))
    assert [one.patient_id for one in registry.match(bea())] == []
    out = StringIO()
    for report in ("drop-off", "now", "time"):
        call_command("report", report, "--pathway", COUSINS, stdout=out)
    said = out.getvalue() + capsys.readouterr().out
    assert patient.pseudonym not in said
    assert "Alvarez" not in said
    assert not Message.objects.filter(patient=patient).exists()


def test_nobody_is_invited_against_the_patients_word(genetics: Hospital) -> None:
    """Ana never says that her brother may be approached, then refuses. Nobody is asked to invite him; that he comes by himself is his right."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    link = names(hospital, ana, "brother")
    hospital.at(35)
    allows(hospital, ana, "revoked")
    assert stands(link) == "not_to_invite"
    hospital.live_until(120)
    assert "relative-not-invited" not in hospital.everybodys_work()
    cascade.join(journey=link.linked, said=bea(), how="came by himself", by=hospital.gwen, now=hospital.now)
    assert stands(link) == "to_counsel"


def test_who_does_not_wish_to_know_takes_the_invitations_back(genetics: Hospital) -> None:
    hospital = genetics
    ana = carries_a_variant(hospital)
    allows(hospital, ana)
    link = names(hospital, ana, "daughter")
    assert stands(link) == "to_invite"
    hospital.live_until(62)
    assert "relative-not-invited" in hospital.asked(hospital.gwen)
    hospital.at(63)
    allows(hospital, ana, "revoked", kind="disclosure")
    hospital.tick()
    assert stands(link) == "not_to_invite"
    assert "relative-not-invited" not in hospital.everybodys_work()
    with pytest.raises(cascade.Refused, match="does not wish to know"):
        names(hospital, ana, "son")


def test_a_death_in_the_family_leaves_the_relatives_items_where_they_are(genetics: Hospital) -> None:
    """Ana dies after she allowed contact. What was asked for her own journey about her plan goes; the invitation of her sister stays."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    allows(hospital, ana)
    link = names(hospital, ana, "sister")
    hospital.live_until(64)
    assert {"no-plan", "relative-not-invited"} <= set(hospital.everybodys_work())
    hospital.at(65)
    hospital.hears(ana.died())
    hospital.live_until(75)
    work = hospital.everybodys_work()
    assert "no-plan" not in work
    assert {"relative-not-invited", "relatives-after-death"} <= set(work)
    assert (stands(link), JourneyLink.objects.get(pk=link.pk).said["alive"]) == ("to_invite", False)


def test_stop_of_one_member_silences_a_shared_phone_and_no_journey(genetics: Hospital) -> None:
    """Ana and her sister share a telephone. Ana's STOP ends texts on it for both; the sister's journey goes on."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    allows(hospital, ana)
    link = names(hospital, ana, "sister")
    said = bea()
    sister = cascade.join(journey=link.linked, said=Demographics(identifiers=said.identifiers, family=said.family, given=said.given, birth_lo=said.birth_lo, birth_hi=said.birth_hi, phones=(ana.phone,)), how="form", by=hospital.gwen, now=hospital.now)  # fmt: skip
    hospital.replies(ana, "STOP")
    phone = sister.person.contact_points.get().phone
    assert phone is not None
    phone.refresh_from_db()
    assert phone.stopped_at is not None
    assert stands(link) == "to_counsel"


def test_an_uncertain_finding_names_nobody(genetics: Hospital) -> None:
    ana = carries_a_variant(genetics, reading="uncertain")
    with pytest.raises(cascade.Refused, match="pathogenic"):
        names(genetics, ana, "sister")
    assert not JourneyLink.objects.exists()


def test_a_finding_that_no_longer_counts_takes_the_reason_away(genetics: Hospital) -> None:
    """The laboratory withdraws its reading. The brother, whom nobody had reached, is not invited any more; Gwen signs."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    allows(hospital, ana)
    link = names(hospital, ana, "brother")
    hospital.at(50)
    hospital.hears(germline.report(ana, status="C", BRCA2="uncertain"))
    hospital.tick()
    assert stands(link) == "reason_gone"


def test_a_relative_whom_we_know_keeps_one_record(genetics: Hospital) -> None:
    """The sister is a patient of ours. Her record stays hers; what was asked under the pseudonym is seen through it, once."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    known = hospital.knows("Bea", phone="+16175550177")
    allows(hospital, ana)
    first, second = names(hospital, ana, "sister"), names(hospital, ana, "sister")
    numbers = (StatedIdentifier(HOSPITAL, known.mrn),)
    for link in (first, second):
        sister = cascade.join(journey=link.linked, said=Demographics(identifiers=numbers), how="form", by=hospital.gwen, now=hospital.now)
        assert sister == hospital.patient(known)
    assert str(Patient.objects.get(pk=first.linked.patient_id)) == "Alvarez, Bea"
    assert Journey.objects.filter(pathway=COUSINS, status="active").count() == 1
    assert set(JourneyLink.objects.exclude(linked__status="void")) == {first}
    assert stands(first) == "to_counsel"
