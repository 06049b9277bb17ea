"""Words that stand in data, codes and definitions and not in a template, so that the catalogue of translations has a place for them.

`{% translate variable %}` and the filters `words` and `sentence` look them up. What is missing here is shown in English.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

NAVIGATION = [
    _("Queue"),
    _("Patients"),
    _("Reports"),
    _("Intake"),
    _("Pathways"),
    _("Oversight"),
    _("Administration"),
    _("Going live"),
    _("Texts"),
]
LANES = [
    _("Mine"), _("My team, unclaimed"), _("Waiting on others"), _("Snoozed"), _("Withdrawn today"), _("Done today"), _("Candidates"), _("Lost"),
    _("Nothing is waiting for you. Claim something from your team's lane."), _("Nobody is waiting. Every item of your team has an owner."),
    _("Nothing waits for anybody else."), _("Nothing is snoozed."), _("Nothing lost its reason today."), _("You have not ended anything today yet."),
]  # fmt: skip
RISKS = [_("Waiting"), _("Withdrawn"), _("Done"), _("Reason gone"), _("Critical"), _("Overdue"), _("Due soon")]
WITHDRAWN = [_("progress"), _("journey ended"), _("matter closed"), _("shadow ended"), _("it works again")]
STEPS = [
    _("Reopen"),
    _("Accept"),
    _("Decide"),
    _("Settle"),
    _("Place it"),
    _("Read the report"),
    _("Claim"),
    _("Take over"),
    _("Wake"),
    _("Record outcome"),
]
ROLES = [
    _("Nurse navigator"), _("Lead navigator"), _("Manager"), _("Clinician"), _("Pharmacist"), _("Genetic counselor"), _("Lab liaison"),
    _("Financial counselor"), _("Administrator"), _("Auditor"), _("Integration engineer"), _("Navigator"), _("Lead"),
]  # fmt: skip
PARTIES = [_("Patient"), _("Laboratory"), _("Lab"), _("Payer"), _("Pharmacy"), _("Pathology"), _("Clinic"), _("Team"), _("Nobody")]
PHASES = [_("Identified"), _("Ordered"), _("Sampled"), _("Resulted"), _("Decided"), _("Started"), _("Active"), _("Completed"), _("Exited")]
OUTCOMES = [
    _("Spoke with the patient"), _("Left a message"), _("No answer, try again"), _("Wrong number"), _("Appointment made"), _("It had already happened"),
    _("Not a stall"), _("Waiting for somebody"), _("Something stands in the way"), _("Handed on to another role"), _("Clinician decided otherwise"),
    _("Care goes on elsewhere"), _("Patient declined"), _("Patient has died"), _("The journey ends for another reason"), _("Settled"),
    _("Read and answered"), _("Number updated"), _("Looked at, texts may go again"), _("Handled"),
]  # fmt: skip
SAID_OF_A_JOURNEY = [
    *(_("weekend"), _("learnt"), _("asked"), _("told"), _("did"), _("read")),
    *(
        _("Obituary"),
        _("Patient's condition"),
        _("Unbound"),
        _("Work item"),
        _("Journey form"),
        _("Work item as it was"),
        _("Work item hand over item"),
        _("Quantity"),
        _("Quality"),
        _("Identity"),
        _("Downtime entry"),
    ),
]
EMERGENCIES = [
    _("The patient is in my care now"), _("I am covering for the other site"), _("The patient is being transferred to us"),
    _("Somebody's safety depends on it"), _("Another reason, written below"), _("Justified"), _("Not justified, taken further"),
]  # fmt: skip
BORN_HERE = [
    _("Reply not read"), _("Number does not work"), _("Text may not have been sent"), _("No text possible, call instead"), _("Letter to print and post"), _("Call with an interpreter"), _("Hand-over to accept"),
]  # fmt: skip
