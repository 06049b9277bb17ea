"""From hand to hand, and back: take over, hand over, accept or not, undo, open again. Each is one verb and one small form."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from notifications import hands, presence, second_thoughts, worklist
from notifications.models import WorkItem
from notifications.views.item import ask, told
from notifications.views.item_forms import ReasonForm, Seen
from notifications.views.worklist import item_of, revision_of, row, step
from patients.models import User
from patients.views.guard import CARE, StaffRequest, page


class HandOverForm(Seen):
    to = forms.ChoiceField(label=gettext_lazy("To whom"))
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        help_text=gettext_lazy("It stays with you until they accept; after two working days it is back."),
    )

    def __init__(self, colleagues: list[User], data: object = None, *, initial: dict[str, int] | None = None) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Choose")), *((str(one.pk), one.get_full_name() or one.username) for one in colleagues)]


@require_http_methods(["GET", "POST"])
@page(*CARE)
def take_over(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What a colleague holds, with a reason."""
    item = item_of(request, uid)
    form = ReasonForm(request.POST or None, initial={"revision": item.revision})
    form.fields["reason"].help_text = _who_has(item)
    return reasoned(
        request, item, form, (gettext("Take over"), "take_over", gettext("Take over")), gettext("Yours now"), worklist.take_over
    )


@require_http_methods(["GET", "POST"])
@page(*CARE)
def hand_over(request: StaffRequest, uid: UUID) -> HttpResponse:
    """To a colleague who is at work at this site."""
    now, item = timezone.now(), item_of(request, uid)
    here = hands.Here(now)
    colleagues = [
        user for (site, pk), _ in here.roles.items() if site == item.site_id and pk != request.user.pk and (user := here.people[pk])
    ]
    form = HandOverForm(colleagues, request.POST or None, initial={"revision": item.revision})
    if form.is_valid():
        given = form.cleaned_data
        to = here.people[int(given["to"])]
        try:
            hands.offer(item=item, to=to, by=request.user, revision=given["revision"], reason=given["reason"], now=now)
        except worklist.Refused as refusal:
            form.add_error(None, told(item, refusal))
        else:
            return moved(request, item, gettext("Offered to %(to)s") % {"to": to.get_full_name() or to.username})
    return ask(request, item, form, gettext("Hand over"), "hand_over_item", gettext("Hand over"))


@require_POST
@page(*CARE)
def accept_item(request: StaffRequest, uid: UUID) -> HttpResponse:
    item, revision = item_of(request, uid), revision_of(request)
    return step(request, item, gettext("Yours now"), lambda now: hands.accept(item=item, by=request.user, revision=revision, now=now))


@require_http_methods(["GET", "POST"])
@page(*CARE)
def decline_item(request: StaffRequest, uid: UUID) -> HttpResponse:
    item = item_of(request, uid)
    form = ReasonForm(request.POST or None, initial={"revision": item.revision})
    return reasoned(
        request,
        item,
        form,
        (gettext("Do not take it"), "decline_item", gettext("Give back")),
        gettext("Back with the sender"),
        hands.decline,
    )


@require_POST
@page(*CARE)
def undo(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Within ten seconds of an outcome; nothing of it has happened yet."""
    item, revision = item_of(request, uid), revision_of(request)
    request.session.pop("undo", None)
    return step(request, item, gettext("Undone"), lambda now: second_thoughts.undo(item=item, by=request.user, revision=revision, now=now))


@require_http_methods(["GET", "POST"])
@page(*CARE)
def reopen_item(request: StaffRequest, uid: UUID) -> HttpResponse:
    item = item_of(request, uid)
    form = ReasonForm(request.POST or None, initial={"revision": item.revision})
    return reasoned(
        request,
        item,
        form,
        (gettext("Open again"), "reopen_item", gettext("Open again")),
        gettext("Open again, and yours"),
        second_thoughts.reopen,
    )


def reasoned(
    request: StaffRequest, item: WorkItem, form: ReasonForm, asked: tuple[str, str, str], said: str, verb: Callable[..., object]
) -> HttpResponse:
    """A verb that needs a reason: its form (heading, route, button), or what became of it."""
    if form.is_valid():
        given = form.cleaned_data
        try:
            verb(item=item, by=request.user, revision=given["revision"], reason=given["reason"], now=timezone.now())
        except worklist.Refused as refusal:
            form.add_error(None, told(item, refusal))
        else:
            return moved(request, item, said)
    return ask(request, item, form, *asked)


def moved(request: StaffRequest, item: WorkItem, said: str) -> HttpResponse:
    """The row as it stands now, or the item's page."""
    presence.leave(item=item, by=request.user)
    return row(request, item_of(request, item.uid), said, 200) if request.htmx else _to_item(request, item, said)


def _to_item(request: StaffRequest, item: WorkItem, said: str) -> HttpResponse:
    messages.success(request, f"{said}.")
    return redirect("work_item", uid=item.uid)


def _who_has(item: WorkItem) -> str:
    held_by = item.owner.get_full_name() or item.owner.username if item.owner else gettext("Nobody")
    if item.claimed_at is None:
        return gettext("%(held_by)s has it.") % {"held_by": held_by}
    return gettext("%(held_by)s has it since %(at)s.") % {"held_by": held_by, "at": f"{timezone.localtime(item.claimed_at):%H:%M}"}
