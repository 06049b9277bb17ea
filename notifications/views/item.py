"""One work item on a page of its own, and the forms that put it off or end it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import reswap, retarget, trigger_client_event

from notifications import comparing, presence, second_thoughts, worklist
from notifications.models import Reply, WorkItem, WorkItemAlert
from notifications.outcomes import OUTCOMES
from notifications.views import notes, story
from notifications.views.item_forms import OutcomeForm, SnoozeForm, spoken
from notifications.views.lines import line_of, open_stays
from notifications.views.why import Known, Proof, proofs
from notifications.views.worklist import around, item_of, item_to_read, undo_of
from pathways.course import course
from pathways.models import Stay
from pathways.views.written import pathway_of
from patients import access
from patients.models import ContactPoint, User
from patients.templatetags.finalmile import translated, words
from patients.views.guard import CARE, STEERING, StaffRequest, page

RECENT = 20
UNDO_SHOWN = 8
"""Seconds for which a page offers the undo that the server allows for ten: what is on its way must still arrive in time."""
SKIPS = (
    gettext_noop("not now: nobody answers at this hour"),
    gettext_noop("needs somebody else's answer first"),
    gettext_noop("needs a colleague who knows the patient"),
    "other",
)
"""Why somebody leaves an item for later in guided mode."""


@require_GET
@page(*CARE)
def work_item(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Why it is here, whom to call, and what can be done about it."""
    now = timezone.now()
    item = item_to_read(request, uid)
    saw(request, item, "work item", now)
    reads_only = item.site_id not in request.user.site_ids()
    if not reads_only:
        presence.look(item=item, by=request.user, editing=False, now=now)
    context = {
        "reads_only": reads_only,
        "others": presence.others(item, request.user, now=now),
        "acts": item.acts.select_related("by", "to").order_by("-pk")[:RECENT],
        **(notes.context(patient=item.patient, item=item, user=request.user) if item.patient and not reads_only else {}),
        "guided": request.session.get("guided", False),
        "skips": SKIPS,
        "undo": undo_of(request, now),
        "item": item,
        "line": line_of(item, request.user, now),
        "mine": not reads_only and item.owner_id in (None, request.user.pk),
        "proofs": (shown := proofs_of(item, now)),
        "verbs": any(proof.to_do for proof in shown),
        "put_off": comparing.put_off(item.journey, now=now) if item.journey else [],
        "phones": phones_of(item),
        "replies": replies_of(item),
        "outcome": translated(OUTCOMES[item.outcome].label) if item.outcome in OUTCOMES else item.outcome,
        "now": now,
    }
    return render(request, "notifications/item.html", context)


def proofs_of(item: WorkItem, now: datetime) -> list[Proof]:
    """Of the wait that the item is about, also when it has ended meanwhile."""
    stay = open_stays([item]).get((item.journey_id, item.problem)) or past_stay(item)
    if stay is None or item.journey is None:
        return []
    events = story.events_of(item.journey)
    timeline = course(item.journey, [story.fact_of(event) for event in story.attached(events)])
    return proofs(item.journey, pathway_of(stay.stage.version), [stay], now, Known(story.told(events), timeline.holds), item)


def past_stay(item: WorkItem) -> Stay | None:
    """The wait whose alert became the item."""
    link = (
        WorkItemAlert.objects.filter(item=item, alert__stay__isnull=False)
        .select_related("alert__stay__stage__version")
        .order_by("pk")
        .first()
    )
    return link.alert.stay if link else None


def phones_of(item: WorkItem) -> list[ContactPoint]:
    if item.patient is None:
        return []
    current = ContactPoint.objects.filter(person=item.patient.person_id, phone__isnull=False, until__isnull=True)
    return list(current.select_related("phone").order_by("rank", "pk"))


def replies_of(item: WorkItem) -> list[Reply]:
    """What the patient wrote that nobody has read yet; for an item about a reply also what stands behind it."""
    if item.cause_kind == "reply":
        return list(Reply.objects.filter(phone=int(item.cause_key)).order_by("-received_at")[:10])
    return list(Reply.objects.filter(patient=item.patient_id, read_at__isnull=True).order_by("-received_at")) if item.patient_id else []


@require_http_methods(["GET", "POST"])
@page(*CARE)
def snooze(request: StaffRequest, uid: UUID) -> HttpResponse:
    now, item = timezone.now(), item_of(request, uid)
    form = SnoozeForm(item, awaited(item), request.POST or None)
    if form.is_valid():
        given, until = form.cleaned_data, form.back_at
        assert until is not None
        try:
            worklist.park(
                item=item,
                by=request.user,
                revision=given["revision"],
                until=until,
                reason=given["reason"],
                wakes_on=given.get("event", ""),
                now=now,
            )
        except worklist.Refused as refusal:
            form.add_error(None, told(item, refusal))
        else:
            earlier = _(", or when this comes: %(event)s") % {"event": words(given["event"]).lower()} if given.get("event") else ""
            return settled(request, item, _("Snoozed"), _("back on %(until)s%(earlier)s") % {"until": spoken(until), "earlier": earlier})
    return ask(request, item, form, _("Snooze"), "snooze", _("Snooze"))


@require_http_methods(["GET", "POST"])
@page(*CARE)
def finish(request: StaffRequest, uid: UUID) -> HttpResponse:
    now, item = timezone.now(), item_of(request, uid)
    numbers = [contact.phone.e164 for contact in phones_of(item) if contact.phone]
    form = OutcomeForm(item, awaited(item), exits(item, request.user), request.POST or None, numbers=numbers)
    if form.is_valid():
        given = form.cleaned_data
        try:
            second_thoughts.intend(
                item=item,
                outcome=given["outcome"],
                by=request.user,
                revision=given["revision"],
                note=given["note"],
                details=form.details,
                now=now,
            )
        except worklist.Refused as refusal:
            form.add_error(None, told(item, refusal))
        else:
            return settled(request, item, _("Recorded"), translated(OUTCOMES[given["outcome"]].label), undo=True)
    return ask(request, item, form, _("What came of it?"), "finish", _("Save outcome"))


def awaited(item: WorkItem) -> list[str]:
    """What the item's wait would be cleared by, to be offered first."""
    stay: Stay | None = open_stays([item]).get((item.journey_id, item.problem))
    return list(stay.stage.awaits) if stay else []


def exits(item: WorkItem, user: User) -> list[str]:
    """Reasons by which this user may end the journey from here."""
    journey = item.journey
    if journey is None or not user.roles_at(journey.home_site_id) & set(STEERING):
        return []
    return list(pathway_of(journey.version).exits)


def ask(request: StaffRequest, item: WorkItem, form: Form, heading: str, route: str, verb: str) -> HttpResponse:
    """The form, in the dialog or on a page; a refused one comes back to where it was sent from."""
    now = timezone.now()
    saw(request, item, f"work item {route}", now)
    presence.look(item=item, by=request.user, editing=True, now=now)
    context = {"item": item, "line": line_of(item, request.user, now), "form": form, "heading": heading, "route": route, "verb": verb}
    response = render(request, "notifications/item_form.html", context, status=422 if form.is_bound else 200)
    return reswap(retarget(response, "#dialog"), "innerHTML") if request.htmx else response


def told(item: WorkItem, refusal: worklist.Refused) -> str:
    """Why it was refused; of a late save also who was faster, when, and with what."""
    stands = WorkItem.objects.select_related("owner").get(pk=item.pk)
    last = stands.acts.select_related("by").order_by("-pk").first()
    if not isinstance(refusal, worklist.Stale) or not (last or stands.intended):
        return str(refusal)
    if stands.intended:
        by, at, did = stands.owner, datetime.fromisoformat(stands.intended["at"]), OUTCOMES[stands.intended["outcome"]].label
    else:
        assert last is not None
        by, at, did = last.by, last.at, str(last.get_act_display())
    who = (by.get_full_name() or by.username) if by else "Finalmile"
    return f"{refusal} {who}, {spoken(at)}: {translated(did)}."


def settled(request: StaffRequest, item: WorkItem, word: str, said: str, *, undo: bool = False) -> HttpResponse:
    """In the queue the row stays where it was and says what became of it; nothing moves under the reader's hand.

    On a page of its own the next page carries it, with the undo; in guided mode that is the next item.
    """
    now, item = timezone.now(), item_of(request, item.uid)
    presence.leave(item=item, by=request.user)
    if not request.htmx:
        if undo:
            request.session["undo"] = {"uid": str(item.uid), "revision": item.revision, "said": said, "until": now.timestamp() + UNDO_SHOWN}
        else:
            messages.success(request, f"{word}: {said}.")
        return redirect("next_item" if request.session.get("guided") else "queue")
    context = {"item": item, "word": word, "said": said, "undo": UNDO_SHOWN if undo else 0, **around(request, now)}
    saw(request, item, "queue line", now)
    return trigger_client_event(render(request, "notifications/settled.html", context), "settled", {"say": f"{word}: {said}."})


def saw(request: StaffRequest, item: WorkItem, what: str, now: datetime) -> None:
    access.saw(request, action="view", what=what, patients=[item.patient_id] if item.patient_id else [], now=now)
