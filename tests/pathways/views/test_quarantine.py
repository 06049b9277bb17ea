"""Intake: what waits is seen with its reason, by those who settle it, and tried again through the intake's own verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pathways.ingest import quarantine
from pathways.ingest.ledger import BETWEEN_NOTES
from pathways.models import Inbound
from patients.models import AccessLog, Site, User
from tests.browser.morning import Morning
from tests.desk import Desk

Enter = Callable[[User], Client]


def test_the_list_says_why_each_message_waits(signed_in: Enter, hal: User, today: Morning) -> None:
    page = signed_in(hal).get("/intake/").content.decode()
    assert "In quarantine: 2" in page
    assert "nobody at this site has it and this feed may not register people" in page
    assert page.count("Try again:") == 2


def test_a_reason_narrows_the_list_and_its_count(signed_in: Enter, hal: User, today: Morning) -> None:
    page = signed_in(hal).get("/intake/", {"reason": "unreadable_date"}).content.decode()
    assert "In quarantine: 1" in page
    assert page.count("Try again:") == 1


def test_another_sites_messages_are_neither_listed_nor_counted(signed_in: Enter, hal: User, south: Site, today: Morning) -> None:
    other = Desk(south, timezone.now()).quarantined(reason="unknown_patient", explanation="a message of the south")
    client = signed_in(hal)
    assert "a message of the south" not in client.get("/intake/").content.decode()
    assert client.get(f"/intake/{other.uid}/").status_code == 404
    assert client.post(f"/intake/{other.uid}/replay/").status_code == 404


def test_a_message_is_shown_whole_and_escaped(signed_in: Enter, hal: User, desk: Desk) -> None:
    message = desk.quarantined(reason="x", explanation="y", body=b"MSH|^~\\&|<script>alert(1)</script>\rPID|1")
    page = signed_in(hal).get(f"/intake/{message.uid}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nPID|1" in page
    assert AccessLog.objects.filter(user=hal, what="message received").exists()


@pytest.mark.parametrize(("outcome", "said"), [("applied", "Applied."), ("quarantined", "Still in quarantine")])
def test_trying_again_says_what_became_of_it(
    signed_in: Enter, hal: User, today: Morning, monkeypatch: pytest.MonkeyPatch, outcome: str, said: str
) -> None:
    given: dict[str, Any] = {}

    def replay(*, inbound: Inbound, **more: Any) -> Inbound:
        given.update(more, inbound=inbound)
        inbound.outcome = outcome
        return inbound

    monkeypatch.setattr(quarantine, "replay", replay)
    page = signed_in(hal).post(f"/intake/{today.message.uid}/replay/", follow=True).content.decode()
    assert said in page
    assert (given["inbound"], given["by"]) == (today.message, hal)


def test_what_is_settled_cannot_be_tried_again(signed_in: Enter, hal: User, today: Morning) -> None:
    Inbound.objects.filter(pk=today.message.pk).update(outcome="applied")
    assert signed_in(hal).post(f"/intake/{today.message.uid}/replay/").status_code == 404


def test_a_feed_that_is_silent_too_long_is_marked(signed_in: Enter, hal: User, desk: Desk) -> None:
    desk.feed.heard_at = timezone.now() - 3 * desk.feed.longest_silence  # type: ignore[operator]
    desk.feed.save()
    assert "silent too long" in signed_in(hal).get("/intake/").content.decode()


def test_what_was_read_otherwise_stands_beside_the_message_note_by_note(signed_in: Enter, hal: User, desk: Desk) -> None:
    body = "MSH|^~\\&|A|B|C|D|20260310140500||REF^I12|N1|T|2.5\rPID|1||N77^^^HOSP^MR||POŁOM^EWA||19700101|F\rRXE|1^BID".encode("iso8859_2")
    body = body.replace(b"|T|2.5", b"|T|2.5||||||8859/2")
    message = desk.quarantined(reason="x", explanation="y", body=body)
    Inbound.objects.filter(pk=message.pk).update(outcome="applied", reason="", explanation=BETWEEN_NOTES.join(("one; and its half", "two")))
    page = signed_in(hal).get(f"/intake/{message.uid}/").content.decode()
    assert "<li>one; and its half</li><li>two</li>" in page
    assert "POŁOM" in page
