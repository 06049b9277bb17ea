"""The forms by which a navigator ends or puts off a work item. What each outcome needs is the table of `notifications.outcomes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from notifications.models import WorkItem
from notifications.outcomes import BARRIERS, NOT_A_STALL, OUTCOMES, PARTIES, SUB_REASONS, ways_out
from notifications.putting_off import CRITICAL, TOO_LATE, latest
from pathways.kinds import FED
from patients.models import Role
from patients.templatetags.finalmile import later, sentence, words

Choices = list[tuple[str, "StrOrPromise"]]
COMES = ("result_final", "visit_kept", "visit_booked", "pa_approved", "pa_denied", "drug_dispensed", "specimen_received")
"""What people wait for most, offered beside what the item's own wait is cleared by."""
SNOOZE_REASONS = (
    gettext_noop("awaiting callback"),
    gettext_noop("patient asked for later"),
    gettext_noop("visit booked"),
    gettext_noop("result expected"),
    "other",
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
# Which details each outcome asks for, under the names of the form's fields.
ASKS: dict[str, tuple[str, ...]] = {
    "left_message": ("until",),
    "no_answer": ("until",),
    "wrong_number": ("number", "until"),
    "appointment_made": ("starts",),
    "already_happened": ("what", "on", "evidence"),
    "not_a_stall": ("why_not",),
    "waiting_on": ("party", "until"),
    "barrier": ("barrier", "until"),
    "escalated_to": ("to",),
    "clinician_decided": ("clinician", "sub_reason"),
    "transferred": ("where",),
    "declined": ("declines",),
    "deceased": ("source",),
    "exited": ("reason",),
    "settled": ("how_settled",),
}
DETAIL = {"why_not": "why", "how_settled": "why"}
SOON = (("2", gettext_lazy("in 2 hours")), ("4", gettext_lazy("in 4 hours")))


def choices(codes: Iterable[str]) -> Choices:
    return [("", gettext_lazy("Choose")), *((code, later(code)) for code in codes)]


def day_field(label: StrOrPromise, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


class Seen(forms.Form):
    """Carries the version of the item that the person saw, so that a late save overwrites nothing."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class ReasonForm(Seen):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200)


class Later(Seen):
    """When the item comes back: on a day, in the morning, or for what cannot wait so long in some hours."""

    until = day_field(
        gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("It comes back in the morning of this day; a more urgent alert brings it back earlier."),
    )
    soon = forms.ChoiceField(label=gettext_lazy("Or later today"), choices=[("", "–"), *SOON], required=False)

    def clean_until(self) -> datetime | None:
        until = self.cleaned_data.get("until")
        return morning(not_past(until)) if until else None

    def clean_soon(self) -> datetime | None:
        hours = self.cleaned_data.get("soon")
        return timezone.now() + timedelta(hours=int(hours)) if hours else None

    @property
    def back_at(self) -> datetime | None:
        found: datetime | None = self.cleaned_data.get("soon") or self.cleaned_data.get("until")
        return found


class SnoozeForm(Later):
    event = forms.ChoiceField(
        label=gettext_lazy("Or as soon as this comes"), required=False, help_text=gettext_lazy("The day above then is the latest.")
    )
    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=choices(SNOOZE_REASONS))
    field_order = ("until", "soon", "event", "reason")

    def __init__(self, item: WorkItem, awaited: Iterable[str], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"revision": item.revision})
        events = self.fields["event"]
        assert isinstance(events, forms.ChoiceField)
        events.choices = [("", "–"), *((kind, words(kind)) for kind in dict.fromkeys([*awaited, *COMES]) if kind in FED)]
        if item.journey_id is None:
            del self.fields["event"]
        self.refused = "" if latest(item, now=timezone.now()) > timezone.now() else _(TOO_LATE)
        if item.priority <= CRITICAL:
            self.fields["until"].help_text = _("Critical: it can rest until its answer is due, %(due_at)s, and no longer.") % {
                "due_at": spoken(item.due_at)
            }

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.back_at:
            self.add_error("until", _("Say when it comes back."))
        return self.cleaned_data


class OutcomeForm(Later):
    """One choice, and only the details that this choice asks for."""

    outcome = forms.ChoiceField(label=gettext_lazy("What came of it"), widget=forms.RadioSelect)
    what = forms.ChoiceField(label=gettext_lazy("What had happened"), required=False)
    on = day_field(gettext_lazy("When"), required=False)
    evidence = forms.CharField(
        label=gettext_lazy("How you know"), max_length=200, required=False, help_text=gettext_lazy("Who told you, or where it is written.")
    )
    why_not = forms.ChoiceField(label=gettext_lazy("Why it is none"), choices=choices(NOT_A_STALL), required=False)
    party = forms.ChoiceField(label=gettext_lazy("Who has to act"), choices=choices(PARTIES), required=False)
    number = forms.ChoiceField(
        label=gettext_lazy("Which number"), required=False, help_text=gettext_lazy("Nothing is texted there any more.")
    )
    starts = day_field(gettext_lazy("On which day"), required=False)
    barrier = forms.ChoiceField(label=gettext_lazy("What stands in the way"), choices=choices(BARRIERS), required=False)
    clinician = forms.CharField(label=gettext_lazy("Decided by"), max_length=120, required=False)
    sub_reason = forms.ChoiceField(label=gettext_lazy("Reason behind it"), choices=choices(SUB_REASONS), required=False)
    where = forms.CharField(label=gettext_lazy("Where to"), max_length=120, required=False)
    declines = forms.ChoiceField(label=gettext_lazy("What the patient declined"), required=False)
    source = forms.CharField(
        label=gettext_lazy("Who told you"), max_length=120, required=False, help_text=gettext_lazy("Texts stop at once.")
    )
    to = forms.ChoiceField(label=gettext_lazy("To whom"), choices=[("", gettext_lazy("Choose")), *Role.choices[:8]], required=False)
    reason = forms.ChoiceField(label=gettext_lazy("Why it ends"), required=False)
    how_settled = forms.CharField(label=gettext_lazy("How it was settled"), max_length=60, required=False)
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self,
        item: WorkItem,
        awaited: Iterable[str],
        exits: Sequence[str],
        data: Mapping[str, Any] | None = None,
        *,
        numbers: Iterable[str] = (),
    ) -> None:
        super().__init__(data, initial={"revision": item.revision})
        self.fields["until"].label, self.fields["until"].help_text = _("Look again on"), ""
        fitting = {code: rule for code, rule in OUTCOMES.items() if not rule.causes or item.cause_kind in rule.causes}
        fitting = {code: rule for code, rule in fitting.items() if not rule.exits or ways_out(exits, code)}
        if not numbers:
            fitting.pop("wrong_number", None)
        self.choose("outcome", [(code, sentence(rule.label)) for code, rule in fitting.items()])
        awaited = [kind for kind in awaited if kind in FED]
        self.choose("what", choices(dict.fromkeys([*awaited, *FED])))
        self.choose("reason", choices(sorted(ways_out(exits, "exited"))))
        self.choose("declines", choices(sorted(ways_out(exits, "declined"))))
        self.choose("number", [("", _("Choose")), *((number, number) for number in numbers)])
        self.asked = {code: [self[name] for name in ASKS.get(code, ())] for code in fitting}

    def choose(self, name: str, options: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options

    def clean_on(self) -> datetime | None:
        on = self.cleaned_data.get("on")
        if on is None:
            return None
        if on > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return min(noon(on), timezone.now())

    def clean(self) -> dict[str, Any]:
        """Only what the chosen outcome asks for, and all of it."""
        for name in ASKS.get(self.cleaned_data.get("outcome", ""), ()):
            given = self.back_at if name == "until" else self.cleaned_data.get(name)
            if name not in self.errors and not given:
                self.add_error(name, _("This outcome needs it."))
        return self.cleaned_data

    def clean_starts(self) -> datetime | None:
        day = self.cleaned_data.get("starts")
        return noon(day) if day else None

    @property
    def details(self) -> dict[str, Any]:
        asked = ASKS.get(self.cleaned_data["outcome"], ())
        return {DETAIL.get(name, name): self.back_at if name == "until" else self.cleaned_data[name] for name in asked}


def spoken(when: datetime) -> str:
    return date_format(timezone.localtime(when), "D j M H:i")


def not_past(day: date) -> date:
    if day <= timezone.localdate():
        raise forms.ValidationError(_("Choose a day after today."))
    if day > timezone.localdate() + timedelta(days=90):
        raise forms.ValidationError(_("At most 90 days ahead; for longer put the journey on hold."))
    return day


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(8)))
