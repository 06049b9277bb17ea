"""Who ordered, from feeds: by number and never by name; the latest order counts, a person's word more."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pathways import journeys, ordering, team
from pathways.facts import Fact
from pathways.ingest import intake
from pathways.ingest.fhir.read import read as read_fhir
from pathways.ingest.hl7.read import read as read_hl7
from pathways.ingest.message import FeedProfile
from pathways.models import CareTeam, Feed, Journey, Rollout, TeamRole
from patients import practitioners
from patients.models import Patient, Practitioner, PractitionerNumber, Site, User
from tests.desk import Desk
from tests.pathways.ingest.messages import PATIENT, fhir, hl7, loinc
from tests.people import dara, north

__all__ = ["dara", "north"]

LUND, OKOYE = "1932102134", "1003000126"
AT = datetime(2026, 3, 3, 15, tzinfo=UTC)
PID = "PID|1||M100^^^HOSP^MR||Doe^Jane||19600214|F"
LUNG = "DG1|1||C34.11^Malignant neoplasm of lung^I10C||20260301|F"
PANEL = "81247-9^Lung NGS panel^LN"


def order(number: str, by: str = "", *, at: datetime = AT, obr: str = "", visit: str = "", facility: str = "") -> bytes:
    when = at.strftime("%Y%m%d%H%M%S+0000")
    orc = f"ORC|NW|{number}|||SC||||{when}|||{by}|||||||||{facility}"
    return hl7(
        PID, *([f"PV1|1|O|||||{visit}"] if visit else []), orc, f"OBR|1|{number}||{PANEL}||||||||||||{obr}",
        type_="OML^O21^OML_O21", control=f"{number}@{when}", at=when,
    )  # fmt: skip


def of_hl7(body: bytes) -> dict[str, Any]:
    (fact,) = (one for one in read_hl7(body, FeedProfile(name="lis", system="lis")).facts if one.kind == "test_ordered")
    return dict(fact.body.get("orderer") or {})


@pytest.mark.parametrize(
    ("said", "npi", "numbers"),
    [
        (f"{LUND}^Lund^Petra^^^Dr^^^NPI", LUND, []),
        (f"{LUND}^Lund^Petra", LUND, []),
        (f"{LUND}^Lund^Petra^^^^^^&2.16.840.1.113883.4.6&ISO^L^^^NPI", LUND, []),
        (f"E77^Lund^Petra^^^^^^EPIC~{LUND}^LUND^Petra^^^^^^NPI", LUND, [["EPIC", "E77"]]),
        (f"E77^Lund^Petra^^^^^^EPIC~{OKOYE}^Okoye^Ike^^^^^^NPI", "", [["EPIC", "E77"]]),
        ("E77^Lund^Petra", "", [["lis", "E77"]]),
        ("1932102135^Lund^Petra^^^^^^NPI", None, None),  # the check digit is wrong: no NPI, and nothing else either
        ("^Lund^Petra", None, None),
        ("UNKNOWN^Lund^Petra", None, None),
    ],
)
def test_a_clinician_of_hl7_is_who_the_numbers_say(said: str, npi: str | None, numbers: list[list[str]] | None) -> None:
    found = of_hl7(order("O1", said))
    assert (found.get("npi"), found.get("numbers")) == (npi, numbers)


def test_orc_12_before_obr_16_before_who_attended_and_each_is_labelled() -> None:
    lund, okoye = f"{LUND}^Lund^Petra^^^^^^NPI", f"{OKOYE}^Okoye^Ike^^^^^^NPI"
    assert of_hl7(order("O1", lund, obr=okoye, visit=okoye, facility="Valley Pulmonology")) == {
        "npi": LUND, "numbers": [], "family": "Lund", "given": "Petra", "how": "ORC-12", "facility": "Valley Pulmonology",
    }  # fmt: skip
    assert (of_hl7(order("O1", "", obr=okoye))["how"], of_hl7(order("O1", visit=okoye))["how"]) == ("OBR-16", "PV1-7")


ROLE = {"resourceType": "PractitionerRole", "id": "r1", "practitioner": {"reference": "#d1"}}
DOCTOR = {
    "resourceType": "Practitioner", "id": "d1", "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": LUND}],
    "name": [{"family": "Lund", "given": ["Petra"]}],
}  # fmt: skip


def request(requester: dict[str, Any], *contained: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", "code": loinc("81247-9"),
        "subject": {"identifier": {"system": "urn:hosp", "value": "M100"}}, "authoredOn": "2026-03-03", "requester": requester,
        "contained": list(contained),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("requester", "contained", "npi", "numbers", "family"),
    [
        ({"reference": "#d1"}, (DOCTOR,), LUND, [], "Lund"),
        ({"reference": "#r1"}, (DOCTOR, ROLE), LUND, [], "Lund"),
        ({"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": LUND}, "display": "Petra Lund"}, (), LUND, [], "Petra Lund"),
        ({"reference": "Practitioner/77", "display": "P. Lund"}, (), "", [["emr FHIR Practitioner id", "77"]], "P. Lund"),
        ({"reference": "Organization/77"}, (), None, None, None),
        ({"identifier": {"system": "urn:x", "value": "9"}, "type": "Organization"}, (), None, None, None),
        ({"display": "Petra Lund"}, (), None, None, None),
    ],
)
def test_a_requester_of_fhir_is_a_person_with_a_number(
    requester: dict[str, Any], contained: tuple[dict[str, Any], ...], npi: str | None, numbers: list[list[str]] | None, family: str | None
) -> None:
    (fact,) = read_fhir(fhir(request(requester, *contained)), FeedProfile(name="emr", system="emr")).facts
    found = fact.body.get("orderer") or {}
    assert (found.get("npi"), found.get("numbers"), found.get("family")) == (npi, numbers, family)


def test_who_interpreted_a_report_did_not_order_it() -> None:
    report = {
        "resourceType": "DiagnosticReport", "id": "r9", "status": "final", "code": loinc("81247-9"), "issued": "2026-03-10T10:00:00Z",
        "subject": {"reference": "Patient/p1"}, "resultsInterpreter": [{"reference": "#d1"}], "contained": [DOCTOR], "conclusion": "x",
    }  # fmt: skip
    asked = request({"reference": "#d1"}, DOCTOR) | {"id": "s2", "subject": {"reference": "Patient/p1"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (PATIENT, report)]}
    assert not [one for one in read_fhir(fhir(bundle), FeedProfile()).facts if "orderer" in one.body]
    bundle["entry"] = [{"resource": one} for one in (PATIENT, asked, report | {"basedOn": [{"reference": "ServiceRequest/s2"}]})]
    assert {one.kind for one in read_fhir(fhir(bundle), FeedProfile()).facts if "orderer" in one.body} == {
        "test_ordered",
        "result_document",
    }


def test_an_orderer_is_no_content_so_that_nothing_goes_stale_by_one() -> None:
    facts = [read_hl7(order("O1", who), FeedProfile()).facts[0] for who in (f"{LUND}^Lund^P^^^^^^NPI", f"{OKOYE}^Okoye^I^^^^^^NPI")]
    assert facts[0].digest == facts[1].digest and facts[0].body != facts[1].body


def test_the_latest_order_counts_whatever_arrived_first() -> None:
    facts: list[Fact] = []
    for n, who in enumerate((LUND, OKOYE, "1003000134")):
        facts += read_hl7(order(f"O{n}", f"{who}^X^Y^^^^^^NPI", at=AT + n * timedelta(days=1)), FeedProfile()).facts
    late = read_hl7(order("O9", visit=f"{LUND}^Lund^P^^^^^^NPI", at=AT + timedelta(days=9)), FeedProfile()).facts
    dice = random.Random(7)
    for _ in range(10):
        shuffled = dice.sample([*facts, *late], len(facts) + 1)
        found = ordering.named(shuffled)
        assert found is not None and (found.who.npi, found.ordered) == ("1003000134", True)
    assert ordering.named([]) is None
    attended = ordering.named(late)
    assert attended is not None and "attending" in attended.source


@pytest.fixture
def feed(north: Site) -> Feed:
    desk = Desk(north, datetime(2026, 3, 11, tzinfo=UTC))
    desk.feed.may_register, desk.feed.system, desk.feed.name = True, "lis", "lis"
    desk.feed.save()
    Rollout.objects.create(site=north, pathway="nsclc-biomarker", mode="backfill")
    return desk.feed


def told(feed: Feed, *bodies: bytes, now: datetime) -> Journey:
    first = hl7(PID, "PV1|1|O", LUNG, type_="ADT^A04^ADT_A01", control="A1", at="20260301120000-0500")
    counts = intake.receive([first, *bodies], feed=feed, now=now)
    assert counts.quarantined == 0, counts
    patient_orders = Journey.objects.filter(pathway="nsclc-biomarker")
    return patient_orders.get() if patient_orders.exists() else enrolled(feed, now)


def enrolled(feed: Feed, now: datetime) -> Journey:
    return journeys.enrol(
        patient=Patient.objects.get(), pathway="nsclc-biomarker", entry="advanced", site=feed.site, now=now, by=None,
        primary_group="lung", opened_at=AT - timedelta(days=1),
    )  # fmt: skip


def rows(journey: Journey) -> set[tuple[str, str, bool, bool]]:
    found = CareTeam.objects.filter(journey=journey).select_related("practitioner")
    return {(row.role, str(row.practitioner), row.confirmed, row.until is None) for row in found}


@pytest.mark.django_db
def test_an_unknown_orderer_joins_the_directory_without_account_and_the_next_order_takes_over(feed: Feed, now: datetime) -> None:
    journey = told(feed, order("O1", f"{LUND}^Lund^Petra^^^^^^NPI"), now=now)
    assert rows(journey) == {("orderer", "Petra Lund", False, True), ("responsible", "Petra Lund", False, True)}
    lund = Practitioner.objects.get(npi=LUND)
    assert (lund.user, lund.heard_from) == (None, "lis")
    journey.refresh_from_db()
    assert journey.responsible == lund

    later = order("O2", "E9^Okoye^Ike^^^^^^EPIC", at=AT + timedelta(days=2))
    earlier = order("O0", f"{OKOYE}^Early^Bird^^^^^^NPI", at=AT - timedelta(days=1))
    told(feed, later, earlier, now=now)
    standing = {row for row in rows(journey) if row[3]}
    assert standing == {("orderer", "Ike Okoye", False, True), ("responsible", "Ike Okoye", False, True)}
    assert PractitionerNumber.objects.get(authority="EPIC", value="E9").practitioner.npi is None
    ended = CareTeam.objects.get(journey=journey, role="orderer", practitioner=lund)
    assert ended.until == AT + timedelta(days=2), "until the later order was made"


@pytest.mark.django_db
def test_a_name_alone_says_nobody_and_the_directory_keeps_its_own_words(feed: Feed, now: datetime) -> None:
    practitioners.upsert(npi=LUND, family="Lund-Berg", given="Petra")
    journey = told(feed, order("O1", "^Lund-Berg^Petra"), now=now)
    assert rows(journey) == set() and Practitioner.objects.count() == 1
    told(feed, order("O2", f"{LUND}^Lund^P^^^^^^NPI", at=AT + timedelta(days=1)), now=now)
    assert {row[1] for row in rows(journey)} == {"Petra Lund-Berg"}
    assert Practitioner.objects.count() == 1


@pytest.mark.django_db
def test_whom_a_person_named_or_took_away_stays_so(feed: Feed, dara: User, now: datetime) -> None:
    journey = told(feed, order("O1", f"{LUND}^Lund^Petra^^^^^^NPI"), now=now)
    own = practitioners.upsert(npi=OKOYE, family="Okoye", given="Ike")
    assert own is not None
    team.name(journey=journey, role=TeamRole.RESPONSIBLE, person=own, source="by hand", now=now, by=dara)
    team.leave(member=CareTeam.objects.get(journey=journey, role="orderer", until=None), now=now, by=dara)
    told(feed, order("O1", f"{LUND}^Lund^Petra^^^^^^NPI", at=AT + timedelta(hours=1)), now=now)
    journeys.settle([journey.patient_id], now=now)
    journey.refresh_from_db()
    assert journey.responsible == own
    assert {row for row in rows(journey) if row[3]} == {("responsible", "Ike Okoye", True, True)}


@pytest.mark.django_db
def test_an_order_made_in_error_takes_its_orderer_with_it(feed: Feed, now: datetime) -> None:
    asked = request({"reference": "#d1"}, DOCTOR) | {"subject": {"identifier": {"system": "HOSP", "value": "M100"}}}
    journey = told(feed, fhir(asked), now=now)
    assert {row for row in rows(journey) if row[3]} == {("orderer", "Petra Lund", False, True), ("responsible", "Petra Lund", False, True)}
    intake.receive([fhir(asked | {"status": "entered-in-error", "meta": {"lastUpdated": "2026-03-04T10:00:00Z"}})], feed=feed, now=now)
    journey.refresh_from_db()
    assert journey.responsible is None
    assert not {row for row in rows(journey) if row[3]}
