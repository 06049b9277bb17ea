"""A reminder that no text can carry reaches its reader by the channels that its rung names, in their order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from notifications import letters
from notifications.emailing import send_due as send_mail
from notifications.models import Message, WorkItem
from notifications.send import send_due
from pathways import journeys
from patients import consent, contacts
from patients.models import ConsentKind, Patient
from tests.notifications.carrier import Carrier

from .kin import SCREEN
from .telling import Hospital

pytestmark = pytest.mark.django_db
HOW = consent.Evidence("form")


@pytest.mark.parametrize("reads_mail", [True, False])
def test_a_form_is_asked_for_by_text_else_by_mail_else_by_letter(hospital: Hospital, reads_mail: bool) -> None:
    """Ana was put on the screening programme and has not agreed yet. She has a number, but never said yes to texts."""
    hospital.goes_live(SCREEN, accountable="gwen")
    hospital.knows("Ana", texts=False)
    hospital.at(0)
    ana = Patient.objects.get()
    if reads_mail:
        box = contacts.add_email(person=ana.person, address="ana@example.org", now=hospital.now).mailbox
        consent.record(
            decision="granted", kind=ConsentKind.EMAIL, at=hospital.now, evidence=HOW, person=ana.person, patient=ana, mailbox=box
        )
    journeys.enrol(
        patient=ana, pathway=SCREEN, entry="enrolled", site=hospital.site, now=hospital.now, by=hospital.gwen, primary_group="population"
    )
    carrier = Carrier()
    for day in range(22, 26):
        hospital.at(day, 15)
        hospital.tick()
        for _ in range(2):  # what a text cannot carry becomes an e-mail of the next look
            send_due(now=hospital.now, transport=carrier)
            send_mail(now=hospital.now, stopwatch=lambda: 0.0)
    assert carrier.calls == 0
    rows = list(Message.objects.order_by("pk").values_list("channel", "state", "reason"))
    if reads_mail:
        assert rows == [("sms", "withdrawn", "no permission"), ("email", "sent", "")]
        assert [one.to for one in mail.outbox] == [["ana@example.org"]]
        return
    assert rows == [("sms", "withdrawn", "no permission"), ("email", "withdrawn", "no address"), ("letter", "pending", "to be printed")]
    item = WorkItem.objects.get(cause_kind="letter")
    assert letters.why(item) == ["text: no permission", "e-mail: no address"]
    hospital.now += timedelta(hours=1)
    letters.sent(item=item, by=hospital.gwen, now=hospital.now)
    assert Message.objects.get(channel="letter").state == "sent"
    item.refresh_from_db()
    assert (item.state, item.outcome) == ("done", "letter posted")
    assert mail.outbox == []
