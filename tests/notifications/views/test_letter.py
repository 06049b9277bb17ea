"""A letter where no text can go: neutral words, in the patient's language, written down when somebody sent it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications.wording.compiler import denied
from pathways import journeys
from patients.models import Patient, Person, Site, User
from tests.browser.morning import Morning

Enter = Callable[[User], Client]


def test_a_letter_says_what_a_text_may_and_that_it_was_sent(
    signed_in: Enter, dara: User, today: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(journeys, "record", lambda **call: told.append(call))
    client, address = signed_in(dara), f"/items/{today.critical.uid}/letter/"
    Person.objects.filter(pk=today.critical.patient.person_id).update(language="es")  # type: ignore[union-attr]
    page = client.get(address).content.decode()
    words = page.partition("<article")[2].partition("</article>")[0]
    assert "Llámenos al" in words
    assert " de 20" in words, "dated in the language of the letter"
    assert "Hola, <bdi>" in words
    assert "</bdi>:" in words
    assert "(617)\u00a0555\u20110190" in words, "as people write a number, not as machines do, and on one line"
    assert not denied(words)
    client.post(address)
    assert [(call["kind"], call["body"]["channel"], call["by"]) for call in told] == [("contact_attempted", "letter", dara)]


@pytest.mark.parametrize("why", ["no words", "may have died", "no number"])
def test_what_cannot_be_said_is_not_printed(signed_in: Enter, dara: User, today: Morning, why: str) -> None:
    if why == "no words":
        Person.objects.update(language="zh")
    elif why == "may have died":
        Patient.objects.update(death_hold_since=timezone.now())
    else:
        Site.objects.update(call_back="")
    assert signed_in(dara).get(f"/items/{today.critical.uid}/letter/").status_code == 302
