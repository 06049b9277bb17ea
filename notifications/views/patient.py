"""One patient: who they are, how to reach them, what they allowed, and all their journeys."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.models import WorkItem
from notifications.views import consenting, linked, notes, reaching, watching
from notifications.views.lines import about, lines
from pathways.models import Journey, Matter
from patients import access, contacts
from patients.models import ConsentEntry, ContactPoint, Identifier, MailPermission, Patient, Permission
from patients.views.guard import CARE, STEERING, StaffRequest, page, zone_of

RECENT = 20


@require_GET
@page(*CARE)
@access.reads_patients
def patient(request: StaffRequest, uid: UUID) -> HttpResponse:
    now = timezone.now()
    merged = Patient.objects.filter(uid=uid, survivor__isnull=False).values_list("survivor__uid", flat=True).first()
    if merged:
        return redirect("patient", uid=merged)
    found = get_object_or_404(Patient.objects.within_reach_of(request.user, now=now).select_related("person"), uid=uid)
    records = Patient.objects.filter(Q(pk=found.pk) | Q(survivor=found)).values("pk")
    looked = watching.looked(found, records.values_list("pk", flat=True), now=now)
    access.saw(request, action="view", what="patient", patients=[found.pk], now=now)
    related = ("patient__person", "journey__version", "matter", "owner", "site")
    ways = list(
        ContactPoint.objects.filter(person=found.person_id, until__isnull=True).select_related("phone", "mailbox").order_by("rank", "pk")
    )
    items = (
        WorkItem.objects.visible_to(request.user).open().filter(patient__in=records).select_related(*related).order_by("priority", "due_at")
    )
    context = {
        "patient": found,
        "about": about(found, None, now.date()),
        "identifiers": Identifier.objects.filter(patient__in=records, until__isnull=True).order_by("type", "authority"),
        "contacts": ways,
        "used": watching.used([way.phone for way in ways if way.phone], zone=found.person.time_zone or zone_of(request.user).key, now=now),
        "looked": looked,
        "permissions": Permission.objects.filter(patient=found).select_related("person", "phone").order_by("pk"),
        "mail_permissions": MailPermission.objects.filter(patient=found).select_related("person", "mailbox").order_by("pk"),
        "consents": ConsentEntry.objects.filter(patient__in=records)
        .select_related("by", "phone", "mailbox")
        .order_by("-at", "-pk")[:RECENT],
        "links": linked.links(found, now=now),
        "speaks_for": linked.speaks_for(found, request.user),
        "link_form": linked.LinkForm(),
        "endings": linked.ENDINGS,
        "may_link": request.user.has_role(*linked.LINKING),
        "consent_form": consenting.ConsentForm(found) if request.user.has_role(*linked.LINKING) else None,
        **(reaching.context(found) if request.user.has_role(*linked.LINKING) else {}),
        "may_settle": request.user.has_role(*STEERING) and not found.pseudonym,
        **notes.context(patient=found, user=request.user),
        "may_enrol": request.user.has_role(*STEERING) and not found.pseudonym,
        "is_minor": not contacts.is_adult(found.person, now.date()),
        "journeys": Journey.objects.within_reach_of(request.user, now=now)
        .filter(patient__in=records)
        .select_related("version", "accountable")
        .order_by("-opened_at"),
        "matters": Matter.objects.filter(patient__in=records, closed_at__isnull=True, site__in=request.user.site_ids()).order_by("due_at"),
        "lines": lines(list(items), request.user, now),
    }
    return render(request, "notifications/patient.html", context)
