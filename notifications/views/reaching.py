"""How a patient is reached, as staff hear it: e-mail addresses, the yes or no to e-mails, and the zone in which somebody lives."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from notifications.views.consenting import AGREES, HEARD, ONE, STOPS, ConsentForm
from notifications.views.item_forms import choices
from notifications.views.linked import LINKING, patient_to_link
from patients import access, consent, contacts, zones
from patients.models import ConsentKind, ContactPoint, Mailbox, Patient
from patients.views.guard import StaffRequest, page

ZONES = sorted({zone for state in zones.states().values() for zone in (state.zone, *state.elsewhere, *state.codes)})


class AddressForm(forms.Form):
    address = forms.EmailField(
        label=gettext_lazy("E-mail address"), help_text=gettext_lazy("Nothing is sent there before somebody agreed to it.")
    )


class MailConsentForm(ConsentForm):
    """A yes to e-mails is none to texts. Stopping an address silences it for everybody who reads it."""

    does = forms.ChoiceField(
        label=gettext_lazy("What was said"),
        widget=forms.RadioSelect,
        choices=[
            (AGREES, gettext_lazy("Agrees to e-mails")),
            (STOPS, gettext_lazy("Wants no more e-mails, from anybody here")),
            (ONE, gettext_lazy("Wants no e-mails about this patient")),
        ],
    )
    number = forms.ChoiceField(label=gettext_lazy("At which address"))
    how = forms.ChoiceField(label=gettext_lazy("How it was said"), choices=choices(HEARD))

    def ways(self, patient: Patient) -> dict[str, Mailbox]:  # type: ignore[override]
        return {str(one.pk): one for one in mailboxes_of(patient)}


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(
        label=gettext_lazy("Where they live"),
        required=False,
        choices=[("", gettext_lazy("as the address says")), *((zone, zone.replace("_", " ")) for zone in ZONES)],
        help_text=gettext_lazy("Texts keep its hours and those of the number. What is chosen here no feed changes."),
    )


def context(patient: Patient) -> dict[str, object]:
    """What the patient's page needs of this."""
    person, said = patient.person, MailConsentForm(patient)
    said.auto_id = "mail_%s"  # beside the form about texts
    return {
        "address_form": AddressForm(),
        "mail_consent_form": said,
        "zone_form": ZoneForm(initial={"zone": person.time_zone if person.zone_by_hand else ""}),
    }


@require_POST
@page(*LINKING)
def add_address(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient, form = patient_to_link(request, uid), AddressForm(request.POST)
    if form.is_valid():
        try:
            contacts.add_email(person=patient.person, address=form.cleaned_data["address"], now=timezone.now())
        except contacts.Unreachable as fault:
            form.add_error("address", str(fault))
        else:
            messages.success(request, _("Address added. Ask whether we may write there."))
            return redirect("patient", uid=patient.uid)
    return _again(request, patient, form, "add_address", _("E-mail address"))


@require_POST
@page(*LINKING)
def end_address(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient = patient_to_link(request, uid)
    mailbox = _named(patient, request)
    contacts.end_email(person=patient.person, mailbox=mailbox, now=timezone.now())
    messages.success(request, _("The address reaches this patient no more."))
    return redirect("patient", uid=patient.uid)


@require_POST
@page(*LINKING)
def clear_address(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient = patient_to_link(request, uid)
    mailbox = _named(patient, request)
    contacts.clear_bounced(mailbox=mailbox)
    messages.success(request, _("Written down: the address works after all."))
    return redirect("patient", uid=patient.uid)


@require_POST
@page(*LINKING)
def mail_consent(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient = patient_to_link(request, uid)
    form = MailConsentForm(patient, request.POST)
    if not form.is_valid():
        return _again(request, patient, form, "mail_consent", _("E-mails: yes or no"))
    messages.success(request, _do(patient, form, request))
    return redirect("patient", uid=patient.uid)


@require_POST
@page(*LINKING)
def live_in(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient, form = patient_to_link(request, uid), ZoneForm(request.POST)
    if not form.is_valid():
        return _again(request, patient, form, "live_in", _("Where they live"))
    contacts.live_in(person=patient.person, zone=form.cleaned_data["zone"])
    messages.success(request, _("Texts keep these hours from now on.") if form.cleaned_data["zone"] else _("The next address decides."))
    return redirect("patient", uid=patient.uid)


def _named(patient: Patient, request: StaffRequest) -> Mailbox:
    """The address of the patient's that the form names."""
    for mailbox in mailboxes_of(patient):
        if str(mailbox.uid) == request.POST.get("address"):
            return mailbox
    raise Http404


def mailboxes_of(patient: Patient) -> list[Mailbox]:
    points = ContactPoint.objects.filter(person=patient.person_id, until=None, mailbox__isnull=False).select_related("mailbox")
    return [point.mailbox for point in points.order_by("rank", "pk") if point.mailbox]


def _do(patient: Patient, form: MailConsentForm, request: StaffRequest) -> str:
    said, now = form.cleaned_data, timezone.now()
    mailbox = form.ways(patient)[said["number"]]
    evidence = consent.Evidence(said["how"], said["wording_version"], said["language"], said["reference"])
    if said["does"] == STOPS:
        consent.stop_mail(mailbox=mailbox, now=now, evidence=evidence, by=request.user)
        return _("Nothing goes to this address any more.")
    decision = "granted" if said["does"] == AGREES else "revoked"
    consent.record(decision=decision, kind=ConsentKind.EMAIL, patient=patient, mailbox=mailbox, at=now, evidence=evidence, by=request.user)
    return _("Recorded: agrees to e-mails.") if said["does"] == AGREES else _("No more e-mails about this patient to this address.")


def _again(request: StaffRequest, patient: Patient, form: forms.Form, name: str, title: str) -> HttpResponse:
    access.saw(request, action="view", what="contact form", patients=[patient.pk], now=timezone.now())
    return render(request, "notifications/reaching.html", {"patient": patient, "form": form, "name": name, "title": title}, status=422)
