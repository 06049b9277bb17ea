"""A patient with an old phone: no script, a small window, one touch."""

from __future__ import annotations

from django.utils import timezone
from playwright.sync_api import Page, expect

from notifications import links, outbox
from notifications.models import AnswerLink, Message
from patients.models import Person
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.browser.test_accessible import findings


def come_in(page: Page, today: Morning) -> None:
    """By the link of a text, with the birth date."""
    person: Person = today.patient.person
    way = person.contact_points.get()
    about = {"patient": today.patient, "journey": today.journey, "recipient": person, "phone": way.phone}
    message = Message.objects.create(
        purpose="reminder", wording="visit.reminder", created_at=timezone.now(), not_before=timezone.now(), **about
    )
    token = links.draw()
    outbox.keep([outbox.Written(outbox.row_of(message.pk), links.address(), "en", "", token)], now=timezone.now())
    page.goto(f"/a/{token}")
    for name in ("month", "day", "year"):
        page.fill(f"[name={name}]", str(getattr(person.birth_lo, name)))
    page.click("button[type=submit]")
    expect(page.locator("button[value=call]")).to_be_visible()


def test_a_patient_asks_for_a_call_without_script(open_as: Open, today: Morning) -> None:
    page = open_as(phone=True, script=False)
    come_in(page, today)
    page.click("button[value=call]")
    expect(page.locator("[role=status]")).to_contain_text("We will call you")
    assert AnswerLink.objects.get().opened_at is not None


def test_axe_finds_nothing_behind_the_door(open_as: Open, today: Morning) -> None:
    page = open_as(phone=True)
    come_in(page, today)
    assert findings(page) == []
