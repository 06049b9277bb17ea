"""`POST /inbound/`: who may, how much, and what the sender hears."""

from __future__ import annotations

import json

import pytest
from django.db import OperationalError
from django.test import Client

from pathways.ingest import feeds, intake
from pathways.models import Feed, Inbound
from pathways.views import inbound

from .messages import PATIENT, PID, PRESENT, fhir, gene, hl7, panel

RESULT = panel(*gene("2a", "EGFR", PRESENT))


def post(body: bytes, token: str, content_type: str = "application/hl7-v2") -> tuple[int, str]:
    response = Client().post("/inbound/", body, content_type=content_type, headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.content.decode()


@pytest.fixture
def token(door: Feed) -> str:
    return feeds.issue_token(feed=door)


def test_only_a_feeds_token_opens(door: Feed) -> None:
    assert post(RESULT, "guess")[0] == 401
    assert Client().post("/inbound/", RESULT, content_type="text/plain").status_code == 401
    assert Client().get("/inbound/").status_code == 405
    assert not Inbound.objects.exists()


def test_an_hl7_message_is_acknowledged_with_its_own_id(token: str) -> None:
    status, answer = post(RESULT, token)
    assert status == 200
    header, acknowledgement = answer.strip("\r").split("\r")
    assert acknowledgement == "MSA|AA|C1"
    assert header.split("|")[2:6] == ["EHR", "HOSP", "LIS", "LAB"]
    assert header.split("|")[8] == "ACK^R01^ACK"


def test_each_message_of_a_batch_has_its_own_answer(token: str) -> None:
    answer = post(RESULT + b"\r" + RESULT.replace(b"|C1|", b"|C2|"), token)[1]
    assert [line for line in answer.split("\r") if line.startswith("MSA")] == ["MSA|AA|C1", "MSA|AA|C2"]


def test_enhanced_mode_is_answered_in_kind(token: str) -> None:
    for asked, code in (("AL|NE", "CA"), ("AL|AL", "CA"), ("ER|NE", "CA"), ("NE|AL", "AA"), ("|AL", "AA"), ("NE|NE", "AA")):
        sent = RESULT.replace(b"|P|2.5.1", b"|P|2.5.1|||" + asked.encode(), 1)
        assert f"MSA|{code}|C1" in post(sent, token)[1], asked


@pytest.mark.usefixtures("hospital")
def test_trouble_that_is_settled_here_is_still_taken_in(token: str) -> None:
    """An AE for an impossible date would make the engine hold back everything behind it."""
    assert "MSA|AA|C1" in post(RESULT.replace(b"20260310140000", b"29990310140000"), token)[1]
    assert Inbound.objects.get().outcome == "quarantined"


def test_what_no_sending_again_can_mend_is_rejected_and_kept(token: str) -> None:
    answer = post(hl7(PID, type_=""), token)[1]
    assert "MSA|AR|C1" in answer
    assert "ERR||MSH^1^9|200^" in answer
    assert Inbound.objects.get().reason == "hl7_type"


def test_json_is_answered_with_what_became_of_each(token: str) -> None:
    status, answer = post(fhir(PATIENT), token, "application/fhir+json")
    said = json.loads(answer)
    assert status == 200
    assert (said["received"], said["applied"], said["messages"][0]["outcome"]) == (1, 1, "applied")
    assert said["messages"][0]["uid"] == str(Inbound.objects.get().uid)


def test_too_much_and_nothing_are_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(b"  ", token)[0] == 400
    monkeypatch.setattr(inbound, "LARGEST", 100)
    assert post(RESULT, token)[0] == 413


def test_our_own_trouble_says_send_again_and_never_500(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise OperationalError("connection lost")

    monkeypatch.setattr(intake, "take", broken)
    status, answer = post(RESULT, token)
    assert (status, "MSA|AE|C1" in answer) == (503, True)
    assert post(fhir(PATIENT), token)[0] == 503


@pytest.mark.parametrize("body", [b"{", b"\x00\x01", b"MSH|", b"[]", b"null", b"<x/>", b"a,b\n1,2", b"MSH|^~\\&|\xff\xfe"])
def test_any_body_is_answered(token: str, body: bytes) -> None:
    assert post(body, token, "application/octet-stream")[0] == 200
    assert Inbound.objects.get().outcome == "quarantined"
