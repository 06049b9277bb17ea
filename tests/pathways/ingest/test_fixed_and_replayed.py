"""Each class of fault: the message waits with its reason, somebody puts right what was wrong, and a replay applies it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from pathways.ingest import feeds, intake, quarantine, split
from pathways.ingest.hl7 import results
from pathways.models import Event, Feed, Inbound
from patients.models import Identifier, User

from .messages import PID, PRESENT, gene, hl7, panel

REGISTRATION = hl7("EVN|A04|20260301", PID, type_="ADT^A04", control="A1", at="20260301080000-0500")
RESULT = panel(*gene("2a", "EGFR", PRESENT, protein="p.Leu858Arg"))
NAMELESS = RESULT.replace(b"M100^^^HOSP^MR", b"UNKNOWN")
TOMORROW = RESULT.replace(b"20260310140", b"20260320140")
MERGE = hl7(PID, "MRG|M77^^^HOSP^MR", type_="ADT^A40^ADT_A39", control="M1")


def waits(feed: Feed, body: bytes, reason: str, now: datetime) -> Inbound:
    counts = intake.receive([body], feed=feed, now=now)
    assert (counts.received, counts.quarantined, counts.reasons) == (1, 1, {reason: 1})
    return Inbound.objects.get(outcome=Inbound.Outcome.QUARANTINED)


def replayed(row: Inbound, now: datetime) -> str:
    return quarantine.replay(inbound=row, by=None, now=now).outcome


def registered(feed: Feed, number: str, now: datetime) -> None:
    body = REGISTRATION.replace(b"M100", number.encode()).replace(b"|A1|", f"|A{number}|".encode())
    assert intake.receive([body], feed=feed, now=now).applied == 1


def test_a_number_that_nobody_can_use_is_settled_by_naming_the_patient(
    hospital: Feed, now: datetime, django_user_model: type[User]
) -> None:
    registered(hospital, "M100", now)
    row = waits(hospital, NAMELESS, "no_identifier", now)
    assert replayed(row, now) == "quarantined"
    lars = django_user_model.objects.create_user("lars")
    patient = Identifier.objects.get(authority="HOSP", value="M100").patient
    assert quarantine.is_about(inbound=row, patient=patient, add_number=False, by=lars, now=now).outcome == "applied"
    assert Event.objects.filter(kind="result_final", patient=patient).exists()


def test_a_stranger_is_registered_and_the_result_lets_itself_in(hospital: Feed, laboratory: Feed, now: datetime) -> None:
    row = waits(laboratory, RESULT, "unknown_patient", now)
    registered(hospital, "M100", now)
    row.refresh_from_db()
    assert row.outcome == "applied"


def test_what_lies_in_the_future_is_replayed_when_it_has_come(hospital: Feed, now: datetime) -> None:
    row = waits(hospital, TOMORROW, "message_in_future", datetime(2026, 3, 11, tzinfo=now.tzinfo))
    assert replayed(row, datetime(2026, 3, 25, tzinfo=now.tzinfo)) == "applied"


def test_a_used_message_number_is_a_persons_decision(hospital: Feed, now: datetime) -> None:
    intake.receive([RESULT], feed=hospital, now=now)
    row = waits(hospital, RESULT.replace(b"p.Leu858Arg", b"p.Leu861Gln"), "same_id_other_body", now)
    assert replayed(row, now) == "applied"


def test_a_merge_waits_for_both_its_people(hospital: Feed, now: datetime) -> None:
    registered(hospital, "M100", now)
    row = waits(hospital, MERGE, "merge_waits", now)
    assert replayed(row, now) == "quarantined"
    registered(hospital, "M77", now)
    row.refresh_from_db()
    assert row.outcome == "applied"


def test_history_without_a_date_is_dated_by_its_receipt_where_a_person_says_so(hospital: Feed, now: datetime) -> None:
    undated = RESULT.replace(b"20260310140500-0500", b"").replace(b"20260310140000-0500", b"").replace(b"20260227091500-0500", b"")
    undated = undated.replace(b"20260228080000-0500", b"")
    counts = intake.receive([undated], feed=hospital, now=now, historical=True)
    assert counts.reasons == {"date_missing": 1}
    row = Inbound.objects.get()
    assert replayed(row, now + timedelta(hours=1)) == "applied"
    assert Event.objects.get(kind="result_final").body["dated_by"] == "receipt"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda *_: (_ for _ in ()).throw(KeyError("x")), "unforeseen"),
        (lambda *_: (_ for _ in ()).throw(RecursionError()), "unforeseen"),
    ],
)
def test_a_reader_that_did_not_foresee_a_message_never_breaks_its_page(
    hospital: Feed, now: datetime, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., None], reason: str
) -> None:
    """The page reads the message again to show it, and a replay tries it: both with the reader that failed, until it is better."""
    with monkeypatch.context() as patch:
        patch.setattr(results, "_reports", broken)
        row = waits(hospital, RESULT, reason, now)
        assert quarantine.parsed_of(row) is None
        assert replayed(row, now) == "quarantined"
    assert replayed(row, now) == "applied"


def test_what_is_torn_stays_torn_and_says_where(hospital: Feed, now: datetime) -> None:
    body = b'{"resourceType": "Patient", "id": "1",\n  "gender": }'
    row = waits(hospital, body, "json_syntax", now)
    assert "line 2" in row.explanation
    assert replayed(row, now) == "quarantined"
    assert [piece.body for piece in split.split(bytes(row.body))] == [body]


def test_a_feeds_authority_said_later_lets_its_messages_in(
    hospital: Feed, laboratory: Feed, now: datetime, django_user_model: type[User]
) -> None:
    registered(hospital, "M100", now)
    feeds.change(laboratory, assigner="")
    row = waits(laboratory, RESULT.replace(b"M100^^^HOSP^MR", b"M100"), "unknown_patient", now)
    lars = django_user_model.objects.create_user("lars")
    assert quarantine.assign(feed=laboratory, assigner="HOSP", by=lars, now=now) == 1
    row.refresh_from_db()
    assert row.outcome == "applied"
