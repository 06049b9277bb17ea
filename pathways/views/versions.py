"""One version of a programme: its diagram, targets and sources; what it changes; who approved it; and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from pathways.definitions import lifecycle
from pathways.definitions.diagram import figures
from pathways.definitions.differing import Difference, differences
from pathways.definitions.schema import Pathway, Stage
from pathways.models import Journey, PathwayVersion
from pathways.reports.drop_off import EXIT_CLASSES
from pathways.views.written import pathway_of, stage_of
from patients.models import Role, User
from patients.templatetags.finalmile import translated, words
from patients.views.guard import ANYONE, StaffRequest, page

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Status = PathwayVersion.Status
MAKERS = (Role.LEAD, Role.ADMINISTRATOR)
# What a version may go through from where it stands: verb, words on the button, whether it asks for a reason.
STEPS: dict[str, tuple[tuple[str, StrOrPromise, bool], ...]] = {
    Status.DRAFT: (("submit", gettext_lazy("Submit for review"), False), ("discard", gettext_lazy("Discard"), True)),
    Status.IN_REVIEW: (("approve", gettext_lazy("Approve"), True), ("discard", gettext_lazy("Discard"), True)),
    Status.APPROVED: (("publish", gettext_lazy("Put in force"), False), ("discard", gettext_lazy("Discard"), True)),
    Status.PUBLISHED: (("retire", gettext_lazy("Take out of force"), True),),
}


class ActForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("Why"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    on = forms.DateField(label=gettext_lazy("Day of the approval"), widget=forms.DateInput(attrs={"type": "date"}), required=False)

    def __init__(self, verb: str, data: Any = None, *, needs_reason: bool = True) -> None:
        super().__init__(data, auto_id=f"{verb}_%s", initial={"on": timezone.localdate()})
        self.fields["why"].required = needs_reason
        if verb != "approve":
            del self.fields["on"]


@dataclass(frozen=True, slots=True)
class Step:
    verb: str
    label: str
    form: ActForm


@dataclass(frozen=True, slots=True)
class Row:
    track: str
    name: str
    stage: Stage
    first: bool


@require_GET
@page(*ANYONE)
def version(request: StaffRequest, code: str, number: str) -> HttpResponse:
    return shown(request, one(code, number))


def shown(request: StaffRequest, found: PathwayVersion) -> HttpResponse:
    pathway = pathway_of(found)
    context = {
        "version": found,
        "pathway": pathway,
        "figures": figures(pathway),
        "rows": rows_of(pathway),
        "exits": sorted(pathway.exits.items(), key=lambda pair: (EXIT_CLASSES.index(pair[1]), pair[0])),
        "steps": steps(found, request.user),
        "own_draft": found.status == Status.IN_REVIEW and not lifecycle.may_judge(found, request.user),
        "before": before(found),
        "being_made": found.status in lifecycle.MAKING,
        "steers": request.user.has_role(Role.LEAD),
        "open": Journey.objects.visible_to(request.user).open().filter(version=found).count(),
    }
    return render(request, "pathways/programme.html", context)


@require_GET
@page(*ANYONE)
def history(request: StaffRequest, code: str) -> HttpResponse:
    """All versions, newest first, each with who did what, when and why."""
    rows = list(PathwayVersion.objects.filter(code=code).defer("body").prefetch_related("acts__by").order_by("-number"))
    if not rows:
        raise Http404
    return render(request, "pathways/history.html", {"rows": rows, "version": latest(code)})


@require_GET
@page(*ANYONE)
def changes(request: StaffRequest, code: str, number: str) -> HttpResponse:
    """What one version changes of another, in words; `from` says of which (default: the one before it)."""
    found = one(code, number)
    asked = request.GET.get("from", "")
    base = one(code, asked) if asked else before(found)
    old, new = pathway_of(base) if base else None, pathway_of(found)
    groups = grouped(differences(old, new), new, old) if old else []
    others = PathwayVersion.objects.filter(code=code).exclude(pk=found.pk).defer("body").order_by("-number")
    return render(request, "pathways/changes.html", {"version": found, "base": base, "groups": groups, "others": others})


@require_POST
@page(*lifecycle.APPROVERS)
def act(request: StaffRequest, code: str, number: str) -> HttpResponse:
    """One step of the version's way. What is refused is said on the page."""
    found, verb = one(code, number), request.POST.get("act", "")
    step = next((step for step in steps(found, request.user) if step.verb == verb), None)
    if step is None:
        messages.error(
            request,
            gettext("%(found)s is %(status)s: this is not to be done now, or not by you.")
            % {"found": found, "status": found.get_status_display()},
        )
        return redirect("version", code=code, number=number)
    form = ActForm(verb, request.POST, needs_reason=step.form.fields["why"].required)
    if not form.is_valid():
        messages.error(request, gettext("Say why: it is kept with the version."))
        return redirect("version", code=code, number=number)
    try:
        done = _do(verb, found, request.user, form.cleaned_data)
        messages.success(
            request, gettext("Version %(number)s is %(status)s.") % {"number": done.number, "status": done.get_status_display()}
        )
    except (lifecycle.Refused, lifecycle.NotPublishable) as error:
        messages.error(request, str(error))
    return redirect("version", code=code, number=number)


def _do(verb: str, found: PathwayVersion, by: User, said: dict[str, Any]) -> PathwayVersion:
    now, why = timezone.now(), str(said["why"])
    match verb:
        case "submit":
            return lifecycle.submit(found, by=by, why=why, now=now)
        case "approve":
            on: date = said.get("on") or timezone.localdate(now)
            return lifecycle.approve(found, by=by, on=on, why=why, now=now)
        case "publish":
            return lifecycle.publish(found, by=by, why=why, now=now)
        case "retire":
            return lifecycle.retire(found, by=by, why=why, now=now)
        case _:
            return lifecycle.discard(found, by=by, why=why, now=now)


def steps(found: PathwayVersion, user: User) -> list[Step]:
    """What this person may do with this version now. A clinician approves; the rest is the lead's and the administrator's."""
    possible = STEPS.get(found.status, ())
    may = [one for one in possible if (lifecycle.may_judge(found, user) if one[0] == "approve" else user.has_role(*MAKERS))]
    return [Step(verb, str(label), ActForm(verb, needs_reason=reason)) for verb, label, reason in may]


def one(code: str, number: str) -> PathwayVersion:
    if not number.isdecimal() or len(number) > 6:
        raise Http404
    return get_object_or_404(PathwayVersion.objects.select_related("approved_by"), code=code, number=int(number))


def latest(code: str) -> PathwayVersion:
    """The version in force, or the last one."""
    rows = PathwayVersion.objects.filter(code=code).defer("body").order_by("-number")
    found = next((row for row in rows if row.status == Status.PUBLISHED), None) or next(iter(rows), None)
    if found is None:
        raise Http404
    return found


def before(found: PathwayVersion) -> PathwayVersion | None:
    """What a version is compared with: for one in the making the one in force, else the one that was in force before it."""
    earlier = PathwayVersion.objects.filter(code=found.code, number__lt=found.number).exclude(status=Status.DISCARDED)
    return earlier.order_by("-number").first()


def grouped(found: list[Difference], *pathways: Pathway) -> list[tuple[str, list[Difference]]]:
    """Differences by where they are, in the order in which they come; stages by the words of the first pathway that has them."""
    groups: dict[str, list[Difference]] = {}
    for difference in found:
        groups.setdefault(difference.where, []).append(difference)
    return [(_place(where, pathways), listed) for where, listed in groups.items()]


def _place(where: str, pathways: tuple[Pathway, ...]) -> str:
    track, _, stage = where.partition(".")
    labels = (translated(found.label) for pathway in pathways if (found := stage_of(pathway, track, stage)))
    return f"{words(track)}: {next(labels, words(stage).lower())}" if stage else words(where)


def rows_of(pathway: Pathway) -> list[Row]:
    """Stages in the order in which they were written, grouped by track."""
    return [Row(track, name, stage, n == 0) for track, of in pathway.tracks.items() for n, (name, stage) in enumerate(of.stages.items())]
