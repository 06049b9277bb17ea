"""A navigator's own spreadsheet: what its columns mean, a look before it is taken in, what was wrong, and what is gone from it."""

from __future__ import annotations

import csv
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pathways import registering
from pathways.abstracting import SPECIMENS
from pathways.models import EmptiedCell, Tracker, TrackerUpload
from pathways.trackers import taking
from pathways.trackers.dates import ORDERS
from pathways.trackers.mapping import DAYS, DETAILS, PERSON, label_of
from pathways.trackers.sheet import LARGEST
from pathways.uploads import Unusable
from pathways.views.register_forms import sites_of
from patients import access
from patients.models import Identifier, User
from patients.templatetags.finalmile import later
from patients.views import sent
from patients.views.guard import STEERING, StaffRequest, page

SHOWN = 100


class NewForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("What you call it"), max_length=80)
    site = forms.ChoiceField(label=gettext_lazy("Site"))
    file = forms.FileField(
        label=gettext_lazy("The spreadsheet"), help_text=gettext_lazy("XLSX or CSV, headings first, one row per patient.")
    )

    def __init__(self, user: User, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        site = self.fields["site"]
        assert isinstance(site, forms.ChoiceField)
        site.choices = [(one.code, one.name) for one in sites_of(user)]


class UploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("The spreadsheet as it is now"))
    as_of = forms.DateTimeField(
        label=gettext_lazy("It speaks for the time until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Blank: now. What is missing on an older sheet is not taken for not done."),
    )


class MappingForm(forms.Form):
    """One choice per heading. How dates are written is always asked: nobody can tell 3/4 from 4/3."""

    order = forms.ChoiceField(
        label=gettext_lazy("Dates that are text are written as"), choices=[("", gettext_lazy("Choose")), *ORDERS.items()]
    )
    programme = forms.ChoiceField(label=gettext_lazy("Everybody on the sheet is on"), required=False)
    sample = forms.ChoiceField(
        label=gettext_lazy("Samples are, where no column says"),
        required=False,
        choices=[("", gettext_lazy("not said")), *((one, later(one)) for one in SPECIMENS)],
    )

    def __init__(self, tracker: Tracker, data: Any = None) -> None:
        super().__init__(data, initial={"order": tracker.date_format, "programme": tracker.programme, "sample": tracker.sample})
        programme = self.fields["programme"]
        assert isinstance(programme, forms.ChoiceField)
        places = registering.places(tracker.feed.site)
        programme.choices = [("", _("no programme: the rules decide")), *((one.code, one.label) for one in places)]
        self.headings = taking.headings(tracker)
        for n, heading in enumerate(self.headings):
            self.fields[f"c{n}"] = forms.ChoiceField(
                label=heading, required=False, choices=_meanings(), initial=tracker.columns.get(heading, "")
            )

    @property
    def columns(self) -> dict[str, str]:
        return {heading: self.cleaned_data[f"c{n}"] for n, heading in enumerate(self.headings)}

    def lines(self) -> list[Any]:
        return [self[f"c{n}"] for n in range(len(self.headings))]


def _meanings() -> list[tuple[str, Any]]:
    groups = ((_("Who it is"), PERSON), (_("A day on which"), DAYS), (_("More about it"), DETAILS))
    return [("", _("leave out")), *((name, [(one, label_of(one)) for one in group]) for name, group in groups)]


def trackers_of(user: User) -> Any:
    return Tracker.objects.filter(feed__site__in=[site.pk for site in sites_of(user)]).select_related("feed__site", "by")


@require_http_methods(["GET", "POST"])
@page(*STEERING)
def trackers(request: StaffRequest) -> HttpResponse:
    """One's sites' trackers; POST makes one of the first file."""
    form = NewForm(request.user, request.POST or None, request.FILES or None)
    if form.is_valid():
        given = form.cleaned_data
        site = next(one for one in sites_of(request.user) if one.code == given["site"])
        try:
            made = taking.make(name=given["name"], site=site, body=sent.body(given["file"], LARGEST), by=request.user, now=timezone.now())
        except Unusable as wrong:
            form.add_error("file", str(wrong))
        else:
            return redirect("tracker_columns", uid=made.uid)
    context = {"form": form, "trackers": trackers_of(request.user).order_by("name")}
    return render(request, "pathways/trackers.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page(*STEERING)
def columns(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What the headings mean: guessed, confirmed by a person, kept for the next time."""
    tracker = _tracker(request, uid)
    form = MappingForm(tracker, request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        stated = {"columns": form.columns, "order": given["order"], "programme": given["programme"], "sample": given["sample"]}
        try:
            taking.map_columns(tracker=tracker, by=request.user, now=timezone.now(), **stated)
        except Unusable as wrong:
            form.add_error(None, str(wrong))
        else:
            messages.success(request, _("Kept for this and every later upload."))
            return redirect("tracker_preview" if _waiting(tracker) else "tracker", uid=tracker.uid)
    return render(request, "pathways/tracker_columns.html", {"tracker": tracker, "form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page(*STEERING)
@access.reads_patients
def tracker(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Uploads, and the days that are gone from the sheet; POST lays a new file beside what was known."""
    found = _tracker(request, uid)
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            taking.upload(
                tracker=found, body=sent.body(given["file"], LARGEST), by=request.user, now=timezone.now(), extracted_at=given["as_of"]
            )
        except Unusable as wrong:
            form.add_error("file", str(wrong))
        else:
            return redirect("tracker_preview", uid=found.uid)
    asked = list(EmptiedCell.objects.filter(upload__tracker=found, answer="").order_by("pk")[:SHOWN])
    _saw(request, found, [one.number for one in asked], "tracker")
    context = {
        "tracker": found,
        "form": form,
        "waiting": _waiting(found),
        "uploads": TrackerUpload.objects.filter(tracker=found, taken_at__isnull=False).select_related("by").order_by("-pk")[:20],
        "asked": [(one, label_of(one.column)) for one in asked],
    }
    return render(request, "pathways/tracker.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page(*STEERING)
@access.reads_patients
def preview(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What would be taken in; POST takes it, or drops the file."""
    found = _tracker(request, uid)
    waiting = _waiting(found)
    if waiting is None or not found.date_format:
        return redirect("tracker" if found.date_format else "tracker_columns", uid=found.uid)
    if request.method == "POST":
        return _settle(request, found, waiting)
    seen = taking.look(waiting)
    _saw(request, found, [one.line.number for one in seen.differences[: SHOWN * 5]], "tracker preview")
    context = {
        "tracker": found,
        "upload": waiting,
        "counts": seen.counts,
        "rows": [(one, _words(one), seen.alike.get(one.line.n)) for one in seen.differences if one.says_something or one.emptied][:SHOWN],
        "errors": seen.errors[:SHOWN],
        "shown": SHOWN,
    }
    return render(request, "pathways/tracker_preview.html", context)


def _settle(request: StaffRequest, found: Tracker, waiting: TrackerUpload) -> HttpResponse:
    now = timezone.now()
    if "drop" in request.POST:
        taking.drop(found=waiting, now=now)
        messages.info(request, _("The file was put aside; nothing of it was taken in."))
        return redirect("tracker", uid=found.uid)
    anyway = {int(n) for n in request.POST.getlist("anyway") if n.isdecimal() and len(n) < 7}
    try:
        counts = taking.take(found=waiting, by=request.user, now=now, anyway=anyway)
    except Unusable as wrong:
        messages.error(request, str(wrong))
    else:
        held = _(" %(quarantined)s wait in the intake.") % {"quarantined": counts["quarantined"]} if counts["quarantined"] else ""
        messages.success(
            request,
            _("%(applied)s rows taken in, %(enrolled)s put on the programme.%(held)s")
            % {"applied": counts["applied"], "enrolled": counts["enrolled"], "held": held},
        )
    return redirect("tracker", uid=found.uid)


@require_GET
@page(*STEERING)
@access.reads_patients
def errors(request: StaffRequest, uid: UUID, upload: UUID) -> HttpResponse:
    """The rows that stayed out, as they stood on the sheet, with the reason in front: to be corrected and uploaded again."""
    found = _tracker(request, uid)
    kept = get_object_or_404(TrackerUpload, tracker=found, uid=upload, taken_at__isnull=False)
    _saw(request, found, [str(cell) for row in kept.lines for cell in row], "tracker errors")
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="errors.csv"'})
    response.write("\ufeff")
    out = csv.writer(response)
    out.writerows([[taking.harmless(cell) for cell in row] for row in kept.lines])
    return response


@require_POST
@page(*STEERING)
def emptied(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What became of days that are gone from the sheet: each by its own answer, several at once."""
    found = _tracker(request, uid)
    count = 0
    for cell in EmptiedCell.objects.filter(upload__tracker=found, answer=""):
        if (said := request.POST.get(f"cell-{cell.pk}", "")) in ("keep", "wrong"):
            taking.answer(cell=cell, said=said, by=request.user, now=timezone.now())
            count += 1
    messages.success(request, _("%(count)s answered.") % {"count": count}) if count else messages.warning(request, _("Choose an answer."))
    return redirect("tracker", uid=found.uid)


def _tracker(request: StaffRequest, uid: UUID) -> Tracker:
    found: Tracker = get_object_or_404(trackers_of(request.user), uid=uid)
    return found


def _waiting(found: Tracker) -> TrackerUpload | None:
    return (
        TrackerUpload.objects.filter(tracker=found, taken_at=None, dropped_at=None)
        .select_related("tracker__feed__site")
        .order_by("-pk")
        .first()
    )


def _saw(request: StaffRequest, found: Tracker, numbers: list[str], what: str) -> None:
    owners = Identifier.objects.filter(authority=found.feed.assigner, value__in=numbers, until=None).values_list("patient", flat=True)
    access.saw(request, action="list", what=what, patients=owners, now=timezone.now())


def _words(one: Any) -> list[tuple[str, str, str]]:
    """(what, was, is) of a row, in the words of the mapping."""
    added = [(label_of(name), "", value) for name, value in one.added.items() if name in DAYS or one.is_new]
    changed = [(label_of(name), was, value) for name, (was, value) in one.changed.items()]
    gone = [(label_of(name), was, "") for name, was in one.emptied.items()]
    return [*changed, *gone, *added]
