"""The conversation with one number, both sides, and the answer that staff type into it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications import answers, worklist
from notifications.models import Channel, Message, Reply, WorkItem
from notifications.views.item import saw
from notifications.views.item_forms import Seen
from notifications.views.lines import line_of
from notifications.views.story import Said, said
from notifications.views.worklist import item_of
from patients.models import ContactPoint, Patient, Phone, User
from patients.views.guard import CARE, StaffRequest, page

SHOWN = 60


class TypedForm(Seen):
    """What is sent is signed with the site's name; nothing clinical, because anybody may read it."""

    words = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("No word about illness, drugs, tests or results: others may read the phone. For anything else call."),
    )
    then = forms.BooleanField(label=gettext_lazy("Read and answered: close the item"), required=False)


@require_http_methods(["GET", "POST"])
@page(*CARE)
def conversation(request: StaffRequest, uid: UUID) -> HttpResponse:
    item, now = item_of(request, uid), timezone.now()
    if item.cause_kind != "reply":
        raise Http404
    phone = Phone.objects.get(pk=int(item.cause_key))
    reply = Reply.objects.filter(phone=phone).order_by("-received_at").first()
    form = TypedForm(request.POST or None, initial={"revision": item.revision})
    if form.is_valid() and reply is not None:
        try:
            _send(item, reply, form, request)
        except worklist.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your answer is on its way."))
            return redirect("queue") if form.cleaned_data["then"] else redirect("conversation", uid=uid)
    saw(request, item, "conversation", now)
    context = {
        "item": item,
        "line": line_of(item, request.user, now),
        "thread": thread_with(phone, request.user),
        "phone": phone,
        "form": form,
        "why_not": answers.why_not(reply, phone, now=now) if reply else "",
        "left": item.closed_at is None,
    }
    return render(request, "notifications/conversation.html", context, status=422 if form.is_bound else 200)


def _send(item: WorkItem, reply: Reply, form: TypedForm, request: StaffRequest) -> None:
    given, now = form.cleaned_data, timezone.now()
    answers.answer(reply=reply, words=given["words"], site=item.site, by=request.user, now=now)
    if given["then"]:
        worklist.finish(item=item, outcome="read", by=request.user, revision=given["revision"], note="answered by text", now=now)


def thread_with(phone: Phone, user: User) -> list[Said]:
    """All texts to and from a number, and what its users were sent by e-mail or letter, in time order; the newest `SHOWN`. Where people of
    several sites share the number, what is about patients of the user's sites, or about nobody known."""
    texts = Q(phone=phone, attempt__gt=0) | Q(phone=phone, purpose="answer")
    users = ContactPoint.objects.filter(phone=phone, until=None).values("person")
    known = Patient.objects.visible_to(user).values("pk")
    here = Q(patient=None) | Q(patient__in=known) | Q(patient__survivor__in=known)
    ours = Message.objects.filter(texts | Q(recipient__in=users, attempt__gt=0) & ~Q(channel=Channel.SMS), here, shadow=False)
    theirs = Reply.objects.filter(here, phone=phone).select_related("read_by")
    lines = [said(message) for message in ours.order_by("-created_at")[:SHOWN]]
    lines += [Said(one.received_at, one.body, True, _read(one), False) for one in theirs.order_by("-received_at")[:SHOWN]]
    return sorted(lines, key=lambda line: line.at)[-SHOWN:]


def _read(reply: Reply) -> str:
    if reply.read_at is None:
        return _("not read yet")
    return "read" if reply.read_by_id else _("understood without a reader")
