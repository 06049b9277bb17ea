"""Lars looks after what comes in: he says whose a message is, whose a number is, and to which journey a result belongs. Everything that
waits says why, and nothing is settled for others than the one he looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from pathways import journeys, placing
from pathways.ingest import intake, quarantine
from pathways.models import Binding, Event, Inbound, Journey, Matter
from patients.models import AccessLog, Identifier, Patient, User

from .letters import HOSPITAL, L858R, Chart, Letter
from .telling import LUNG, Hospital

pytestmark = pytest.mark.django_db


def at_the_screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def waits(hospital: Hospital, letter: Letter) -> Inbound:
    """Comes in and waits outside."""
    counts = intake.receive([letter.body], feed=hospital.feeds[letter.feed], now=hospital.now)
    assert counts.quarantined == 1
    return Inbound.objects.latest("pk")


def under(letter: Letter, chart: Chart, number: str) -> Letter:
    """The same message under another patient number."""
    return Letter(letter.feed, letter.body.replace(f"{chart.mrn}^^^{HOSPITAL}^MR".encode(), number.encode()))


def test_lars_says_whose_a_message_is_and_the_next_one_needs_nobody(hospital: Hospital) -> None:
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    message = waits(hospital, under(ana.report("P", EGFR=L858R), ana, "NL-77^^^NORTHLAB^MR"))
    lars = at_the_screen(hospital.lars)
    page = lars.get(f"/intake/{message.uid}/whose/").content.decode()
    assert "Alvarez, Ana" in page
    assert "Same name and same birth date" in page
    uid = hospital.patient(ana).uid
    assert at_the_screen(hospital.petra).post(f"/intake/{message.uid}/whose/", {"patient": str(uid)}).status_code == 403
    assert lars.post(f"/intake/{message.uid}/whose/", {"patient": str(uid), "add_number": "1"}).status_code == 302
    assert hospital.milestone(ana, "result_informative") == "reached"
    assert Identifier.objects.get(value="NL-77").patient == hospital.patient(ana)
    message.refresh_from_db()
    assert (message.outcome, message.about, message.about_by) == ("applied", hospital.patient(ana), hospital.lars)
    hospital.hears(under(ana.report(EGFR=L858R), ana, "NL-77^^^NORTHLAB^MR"))
    assert AccessLog.objects.filter(user=hospital.lars, what="whose message").exists()

    # a message without any number is this patient's for once, and says nothing of the next
    hospital.at(8)
    nameless = waits(hospital, under(ana.report("C", EGFR=L858R), ana, "^^^^MR"))
    assert nameless.reason == "no_identifier"
    quarantine.is_about(inbound=nameless, patient=hospital.patient(ana), add_number=False, by=hospital.lars, now=hospital.now)
    assert Identifier.objects.count() == 2
    assert Event.objects.filter(kind="result_final").values("lineage").distinct().count() == 1

    # what came in, by feed and outcome
    page = lars.get("/intake/feeds/lab/").content.decode()
    assert "Nothing of this feed waits" in page
    assert lars.get("/intake/received/", {"outcome": "quarantined", "days": "30"}).status_code == 200


def test_an_old_number_is_given_to_a_new_patient_and_the_authority_to_a_feed(hospital: Hospital) -> None:
    ana = hospital.knows("Ana")
    other = Letter("ehr", ana.registered().body.replace(b"Alvarez^Ana", b"Berg^Jonas").replace(b"19580402", b"19900101"))
    message = waits(hospital, other)
    assert message.reason == "recycled_identifier"
    lars = at_the_screen(hospital.lars)
    assert lars.post(f"/intake/{message.uid}/whose/", {"patient": "new"}).status_code == 302
    assert {str(one.person) for one in Patient.objects.all()} == {"Alvarez, Ana", "Berg, Jonas"}

    feed = hospital.feeds["lab"]
    feed.assigner = ""
    feed.save()
    ben = hospital.knows("Ben", "Brandt", "+16175550102")
    hospital.hears(ben.has_lung_cancer())
    waits(hospital, under(ben.report(EGFR=L858R), ben, f"{ben.mrn}^^^^MR"))
    assert lars.post("/intake/feeds/lab/authority/", {"assigner": HOSPITAL}).status_code == 302
    assert Inbound.objects.quarantined().count() == 0
    feed.refresh_from_db()
    with pytest.raises(quarantine.Refused):
        quarantine.assign(feed=feed, assigner="ELSEWHERE", by=hospital.lars, now=hospital.now)


def test_the_laboratory_says_it_was_another_patients_result(hospital: Hospital) -> None:
    """OBX-11 W: everything is taken back, nobody is texted, and the lead hears of a breach of privacy."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    hospital.hears(ana.report(EGFR=L858R))
    hospital.tick()
    assert "flagged_actionable" in hospital.facts_of(ana)
    hospital.at(8)
    report = ana.report("C", EGFR=L858R)
    hospital.hears(Letter(report.feed, report.body.replace(b"||||||C", b"||||||W").replace(b"|||||C", b"|||||W")))
    assert "flagged_actionable" not in hospital.facts_of(ana)
    assert hospital.milestone(ana, "result_informative") == "unknown"
    incident = hospital.matters(ana).get(kind="privacy_incident")
    assert "another patient" in incident.detail["text"]
    hospital.tick()
    assert "privacy-incident" in hospital.asked(hospital.lena)
    assert hospital.send() == 0
    hospital.hears(ana.report("C", EGFR=L858R))  # said again: one incident
    assert Matter.objects.filter(kind="privacy_incident").count() == 1


def test_a_result_that_fits_two_journeys_is_placed_by_lars_for_good(hospital: Hospital) -> None:
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer())
    first = hospital.journey(ana)
    second = journeys.enrol(
        patient=hospital.patient(ana), pathway=LUNG, entry="advanced", site=hospital.site, now=hospital.now, by=hospital.dara,
        primary_group=first.primary_group, opened_at=hospital.now - timedelta(days=1),
    )  # fmt: skip
    hospital.at(7)
    hospital.hears(ana.report(order="", accession="", EGFR=L858R))
    matter = hospital.matters(ana).get(kind="ambiguous")
    lars = at_the_screen(hospital.lars)
    assert "fits by the rules" in lars.get(f"/results-to-place/{matter.uid}/").content.decode()
    assert lars.post(f"/results-to-place/{matter.uid}/", {"journey": str(second.uid)}).status_code == 302

    def placed(journey: Journey) -> bool:
        row = Binding.objects.filter(journey=journey, event__kind="result_final").order_by("-pk").first()
        return bool(row and row.attached)

    assert (placed(first), placed(second)) == (False, True)
    assert not hospital.matters(ana).filter(kind="ambiguous").exists()
    hospital.at(8)
    hospital.hears(ana.report("C", order="", accession="", EGFR="G719S"))  # a correction stays where the report is
    assert (placed(first), placed(second)) == (False, True)
    assert not hospital.matters(ana).filter(kind="ambiguous").exists()
    with pytest.raises(ValueError, match="nothing to be placed"):
        placing.place(matter=Matter(kind="merge"), journeys=[], by=hospital.lars, now=hospital.now)
