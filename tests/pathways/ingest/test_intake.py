"""Every message received is exactly one of applied, duplicate and quarantined, and what waits comes in when it can."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pathways import journeys
from pathways.definitions import publish
from pathways.ingest import feeds, intake, quarantine
from pathways.ingest.intake import Counts
from pathways.ingest.rereading import forget, reread
from pathways.models import Event, Feed, Inbound, PathwayVersion, Rollout
from patients.models import Identifier, Patient, User

from .messages import ABSENT, PATIENT, PID, PRESENT, gene, hl7, panel

REGISTRATION = hl7("EVN|A04|20260301", PID, type_="ADT^A04", control="A1", at="20260301080000-0500")
RESULT = panel(*gene("2a", "EGFR", PRESENT, protein="p.Leu858Arg"), *gene("2b", "ALK", ABSENT))
POTASSIUM = hl7(
    PID, "OBR|1|O2|F2|2823-3^Potassium^LN|||20260301||||||||||||||||||F", "OBX|1|NM|2823-3^Potassium^LN||4|mmol/L|||||F", control="K1"
)


def outcomes(counts: Counts) -> tuple[int, int, int, int]:
    assert counts.received == counts.applied + counts.duplicate + counts.quarantined
    return counts.received, counts.applied, counts.duplicate, counts.quarantined


def kinds() -> list[str]:
    return sorted(Event.objects.values_list("kind", flat=True))


def test_a_result_of_a_registering_feed_brings_its_patient_and_facts(hospital: Feed, now: datetime) -> None:
    assert outcomes(intake.receive([RESULT], feed=hospital, now=now)) == (1, 1, 0, 0)
    assert {"result_final", "specimen_collected", "specimen_received"} <= set(kinds())
    row = Inbound.objects.get()
    assert (row.type, row.outcome, row.no_effect) == ("ORU^R01^ORU_R01", "applied", False)
    assert row.patient == Identifier.objects.get(authority="HOSP", value="M100").patient
    assert bytes(row.body) == RESULT


def test_what_nothing_listens_to_is_kept_and_registers_nobody(hospital: Feed, now: datetime) -> None:
    counts = intake.receive([POTASSIUM], feed=hospital, now=now)
    assert (counts.applied, counts.no_effect) == (1, 1)
    assert Inbound.objects.get().no_effect
    assert not Patient.objects.exists()


def test_what_nothing_listened_to_is_read_again_when_a_programme_does(door: Feed, now: datetime) -> None:
    """The potassium stays what it was; the result finds its programme, once, and brings its patient."""
    assert intake.receive([RESULT, POTASSIUM], feed=door, now=now).no_effect == 2
    publish.publish(path=publish.CATALOG / "nsclc-biomarker.yaml", by=None, now=now)
    assert [reread(now=now), reread(now=now)] == [2, 0]
    assert [(row.no_effect, row.tries) for row in Inbound.objects.order_by("pk")] == [(False, 2), (True, 1)]
    assert "result_final" in kinds()


def test_a_programme_that_hears_nothing_new_reads_nothing_again(hospital: Feed, now: datetime) -> None:
    intake.receive([POTASSIUM], feed=hospital, now=now)
    reread(now=now)
    publish.publish(path=publish.CATALOG / "colorectal-biomarker.yaml", by=None, now=now)
    assert not PathwayVersion.objects.filter(rereads_after__isnull=False)


def test_what_has_no_effect_is_forgotten_after_the_feeds_retention_and_still_known(hospital: Feed, now: datetime) -> None:
    Feed.objects.update(retention_days=30)
    intake.receive([POTASSIUM, RESULT], feed=hospital, now=now)
    assert [forget(now=now + timedelta(days=day)) for day in (29, 31)] == [0, 1]
    assert [bool(row.body) for row in Inbound.objects.order_by("pk")] == [False, True]
    assert outcomes(intake.receive([POTASSIUM], feed=hospital, now=now)) == (1, 0, 1, 0)


def test_the_same_message_again_is_a_duplicate_in_one_delivery_and_in_the_next(hospital: Feed, now: datetime) -> None:
    again = RESULT.replace(b"20260310140500", b"20260310150500", 1)  # only MSH-7 differs
    assert outcomes(intake.receive([RESULT, again], feed=hospital, now=now)) == (2, 1, 1, 0)
    before = kinds()
    assert outcomes(intake.receive([again], feed=hospital, now=now)) == (1, 0, 1, 0)
    assert kinds() == before


def test_the_same_id_with_another_body_waits_with_both_shown(hospital: Feed, now: datetime) -> None:
    other = RESULT.replace(b"p.Leu858Arg", b"p.Gly719Ala")
    counts = intake.receive([RESULT, other], feed=hospital, now=now)
    assert counts.reasons == {"same_id_other_body": 1}
    first, second = Inbound.objects.order_by("pk")
    assert str(first.uid) in second.explanation
    assert quarantine.replay(inbound=second, by=None, now=now).outcome == "applied"


def test_a_sender_that_counts_anew_is_believed(hospital: Feed, now: datetime) -> None:
    hospital.restarts_counter = True
    other = RESULT.replace(b"p.Leu858Arg", b"p.Gly719Ala")
    assert outcomes(intake.receive([RESULT, other], feed=hospital, now=now)) == (2, 2, 0, 0)


def test_a_result_of_a_stranger_waits_and_lets_itself_in(laboratory: Feed, hospital: Feed, now: datetime) -> None:
    assert intake.receive([RESULT], feed=laboratory, now=now).reasons == {"unknown_patient": 1}
    waiting = Inbound.objects.get()
    assert waiting.waits_for == ["HOSP|M100"]
    assert not Event.objects.exists()
    intake.receive([REGISTRATION], feed=hospital, now=now)
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.tries, waiting.waits_for) == ("applied", 2, [])
    assert "result_final" in kinds()


def test_waiting_and_arrival_in_one_delivery_count_as_they_ended(hospital: Feed, now: datetime) -> None:
    merge = hl7("EVN|A40|20260302", PID, "MRG|M99^^^HOSP^MR", type_="ADT^A40", control="A2")
    loser = hl7("EVN|A04|20260303", PID.replace("M100", "M99"), type_="ADT^A04", control="A3")
    assert outcomes(intake.receive([REGISTRATION, merge, loser], feed=hospital, now=now)) == (3, 3, 0, 0)
    survivor, merged = (Identifier.objects.get(value=value).patient for value in ("M100", "M99"))
    assert merged.survivor == survivor


def test_a_merge_of_somebody_unknown_waits(hospital: Feed, now: datetime) -> None:
    merge = hl7("EVN|A40|20260302", PID, "MRG|M99^^^HOSP^MR", type_="ADT^A40", control="A2")
    assert intake.receive([merge], feed=hospital, now=now).reasons == {"merge_waits": 1}
    assert not Patient.objects.exists()


def test_a_message_of_two_people_is_applied_whole_or_not_at_all(hospital: Feed, now: datetime) -> None:
    nobody = PID.replace("M100^^^HOSP^MR", "")
    both = hl7(PID, "DG1|1||C34.11^Lung^I10||20260301|F", nobody, "DG1|1||C34.11^Lung^I10||20260301|F", type_="ADT^A08")
    assert intake.receive([both], feed=hospital, now=now).reasons == {"no_identifier": 1}
    assert not Patient.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("found", "wanted", "reason"),
    [
        (b"20260310140000-0500", b"20260312140000-0500", "future_dated"),
        (b"|20260310140500-0500||ORU", b"|20260320140500-0500||ORU", "message_in_future"),
        (b"20260227091500-0500", b"18990101", "too_old"),
        (b"20260227091500-0500", b"19500101", "before_birth"),
    ],
)
def test_dates_that_cannot_be_true_stop_the_whole_message(hospital: Feed, now: datetime, found: bytes, wanted: bytes, reason: str) -> None:
    counts = intake.receive([RESULT.replace(found, wanted)], feed=hospital, now=now)
    assert counts.reasons == {reason: 1}
    assert not Event.objects.exists()
    assert len(Inbound.objects.get().explanation.split()) > 10


def test_one_poisoned_message_is_found_and_delays_nobody(hospital: Feed, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [RESULT.replace(b"M100", b"M%d" % n).replace(b"|C1|", b"|C%d|" % n).replace(b"F1", b"F%d" % n) for n in range(200, 220)]
    whole = journeys.receive

    def poisoned(messages: Any, **more: Any) -> None:
        if any(fact.lineage == "ehr|result|F207" for message in messages for fact in message.facts):
            raise ValueError("poison")
        whole(messages, **more)

    monkeypatch.setattr(journeys, "receive", poisoned)
    counts = intake.receive(batch, feed=hospital, now=now)
    assert (counts.applied, counts.reasons) == (19, {"could_not_apply": 1})
    assert Event.objects.filter(kind="result_final").count() == 19
    monkeypatch.setattr(journeys, "receive", whole)
    assert quarantine.replay(inbound=Inbound.objects.get(outcome="quarantined"), by=None, now=now).outcome == "applied"


def test_a_poisoned_message_that_comes_alone_is_set_aside_whole(hospital: Feed, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is first tried without a savepoint: what was written of it before it failed must be gone, its own row must not."""
    whole = journeys.receive

    def poisoned(messages: Any, **more: Any) -> None:
        whole(messages, **more)
        raise ValueError("poison")

    monkeypatch.setattr(journeys, "receive", poisoned)
    counts = intake.receive([RESULT], feed=hospital, now=now)
    assert (counts.received, counts.reasons) == (1, {"could_not_apply": 1})
    assert (Event.objects.count(), Patient.objects.count(), Inbound.objects.get().patient_id) == (0, 0, None)
    monkeypatch.setattr(journeys, "receive", whole)
    assert quarantine.replay(inbound=Inbound.objects.get(), by=None, now=now).outcome == "applied"


def test_order_of_arrival_leaves_the_same_current_result(hospital: Feed, now: datetime) -> None:
    partial = panel(*gene("2a", "EGFR", PRESENT), status="P", control="P1", at="20260309120000-0500")
    intake.receive([RESULT, partial], feed=hospital, now=now)
    versions = Event.objects.filter(lineage="ehr|result|F1").order_by("-rank")
    assert [event.kind for event in versions] == ["result_final", "result_partial"]


def test_a_feeds_clock_follows_its_messages_and_history_moves_neither(hospital: Feed, now: datetime) -> None:
    intake.receive([REGISTRATION], feed=hospital, now=now, historical=True)
    hospital.refresh_from_db()
    assert hospital.heard_at is None
    intake.receive([RESULT], feed=hospital, now=now)
    hospital.refresh_from_db()
    assert hospital.heard_at == now
    assert hospital.data_as_of is not None
    assert now - hospital.data_as_of < timedelta(days=1)


def test_history_is_refused_where_something_rings(door: Feed, now: datetime) -> None:
    Rollout.objects.create(site=door.site, pathway="nsclc-biomarker", mode="shadow")
    with pytest.raises(intake.HistoricalRefused, match="nsclc-biomarker"):
        intake.receive([RESULT], feed=door, now=now, historical=True)


def test_admission_and_consent_reach_the_patient(door: Feed, now: datetime) -> None:
    admitted = hl7(
        PID + "|||||(617)555-0101", "PV1|1|I|||||||||||||||||V1|||||||||||||||||||||||||20260301080000-0500", type_="ADT^A01", control="A9"
    )
    intake.receive([admitted], feed=door, now=now)
    assert Patient.objects.get().admitted_since is not None
    discharged = admitted.replace(b"ADT^A01", b"ADT^A03").replace(b"|A9|", b"|A10|") + b"|20260305080000-0500"
    intake.receive([discharged], feed=door, now=now)
    assert Patient.objects.get().admitted_since is None


def test_tokens_are_kept_as_digests_only(door: Feed) -> None:
    token = feeds.issue_token(feed=door)
    assert feeds.of_token(token) == door
    assert feeds.of_token(token + "x") is None
    assert feeds.of_token("") is None
    assert token not in str(Feed.objects.filter(pk=door.pk).values())


def test_the_command_line_accounts_for_a_folder(hospital: Feed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "two.hl7").write_bytes(RESULT + b"\r" + POTASSIUM)
    (tmp_path / "table.csv").write_text("mrn,kind,date\n7,admitted,2026-03-01\n7,nonsense,2026-03-01\n")
    (tmp_path / "notes.txt").write_text("nothing of ours")
    call_command("ingest", str(tmp_path), "--json")
    said = capsys.readouterr().out
    assert said.startswith('{"received": 5, "applied": 3, "duplicate": 0, "quarantined": 2, "no_effect":')
    assert Feed.objects.get(name="command-line").may_register
    with pytest.raises(CommandError, match="no feed"):
        call_command("ingest", str(tmp_path), "--feed", "nobody")


def test_a_person_replays_only_what_waits(hospital: Feed, now: datetime, django_user_model: type[User]) -> None:
    intake.receive([RESULT], feed=hospital, now=now)
    row = quarantine.replay(inbound=Inbound.objects.get(), by=None, now=now)
    assert (row.outcome, row.tries) == ("applied", 1)


def test_ndjson_lines_stand_alone(hospital: Feed, now: datetime) -> None:
    import json

    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "x"},
        "onsetDateTime": "2026-03-01",
    }
    lines = "\n".join((json.dumps(PATIENT), '{"resourceType": "Patient", "id": 1, "id": 2}', json.dumps(condition)))
    counts = intake.receive([lines.encode()], feed=hospital, now=now)
    assert (counts.applied, counts.reasons) == (2, {"json_duplicate_key": 1})
    assert Event.objects.get().patient == Identifier.objects.get(value="M100").patient
