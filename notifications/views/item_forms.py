"""The forms by which a navigator ends or puts off a work item. What each outcome needs is the table of `notifications.outcomes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from notifications.models import WorkItem
from notifications.outcomes import NOT_A_STALL, OUTCOMES
from pathways.kinds import FED
from patients.models import Role
from patients.templatetags.finalmile import words

Choices = list[tuple[str, str]]
PARTIES = ("clinic", "lab", "payer", "patient", "pharmacy", "other hospital")
SNOOZE_REASONS = ("awaiting callback", "patient asked for later", "visit booked", "result expected", "other")
# Which details each outcome asks for, under the names of the form's fields.
ASKS: dict[str, tuple[str, ...]] = {
    "no_answer": ("until",),
    "already_happened": ("what", "on", "evidence"),
    "not_a_stall": ("why_not",),
    "waiting_on": ("party", "until"),
    "escalated_to": ("to",),
    "exited": ("reason",),
    "settled": ("how_settled",),
}
DETAIL = {"why_not": "why", "how_settled": "why"}


def choices(codes: Iterable[str]) -> Choices:
    return [("", "Choose"), *((code, words(code)) for code in codes)]


def day_field(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


class Seen(forms.Form):
    """Carries the version of the item that the person saw, so that a late save overwrites nothing."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class SnoozeForm(Seen):
    until = day_field("Until", help_text="The item comes back in the morning of this day; a more urgent alert brings it back earlier.")
    reason = forms.ChoiceField(label="Why", choices=choices(SNOOZE_REASONS))

    def clean_until(self) -> datetime:
        return morning(not_past(self.cleaned_data["until"]))


class OutcomeForm(Seen):
    """One choice, and only the details that this choice asks for."""

    outcome = forms.ChoiceField(label="What came of it", widget=forms.RadioSelect)
    what = forms.ChoiceField(label="What had happened", required=False)
    on = day_field("When", required=False)
    evidence = forms.CharField(label="How you know", max_length=200, required=False, help_text="Who told you, or where it is written.")
    why_not = forms.ChoiceField(label="Why it is none", choices=choices(NOT_A_STALL), required=False)
    party = forms.ChoiceField(label="Who has to act", choices=choices(PARTIES), required=False)
    until = day_field("Look again on", required=False)
    to = forms.ChoiceField(label="To whom", choices=[("", "Choose"), *Role.choices[:8]], required=False)
    reason = forms.ChoiceField(label="Why it ends", required=False)
    how_settled = forms.CharField(label="How it was settled", max_length=60, required=False)
    note = forms.CharField(label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, item: WorkItem, awaited: Iterable[str], exits: Iterable[str], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"revision": item.revision})
        fitting = {code: rule for code, rule in OUTCOMES.items() if not rule.causes or item.cause_kind in rule.causes}
        reasons = sorted(exits)
        if not reasons:
            fitting.pop("exited", None)
        self.choose("outcome", [(code, rule.label) for code, rule in fitting.items()])
        awaited = [kind for kind in awaited if kind in FED]
        self.choose("what", choices(dict.fromkeys([*awaited, *FED])))
        self.choose("reason", choices(reasons))
        self.asked = {code: [self[name] for name in ASKS.get(code, ())] for code in fitting}

    def choose(self, name: str, options: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options

    def clean_until(self) -> datetime | None:
        until = self.cleaned_data.get("until")
        return morning(not_past(until)) if until else None

    def clean_on(self) -> datetime | None:
        on = self.cleaned_data.get("on")
        if on is None:
            return None
        if on > timezone.localdate():
            raise forms.ValidationError("This day has not come yet.")
        noon = timezone.make_aware(datetime.combine(on, time(12)))
        return min(noon, timezone.now())

    def clean(self) -> dict[str, Any]:
        """Only what the chosen outcome asks for, and all of it."""
        for name in ASKS.get(self.cleaned_data.get("outcome", ""), ()):
            if name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, "This outcome needs it.")
        return self.cleaned_data

    @property
    def details(self) -> dict[str, Any]:
        asked = ASKS.get(self.cleaned_data["outcome"], ())
        return {DETAIL.get(name, name): self.cleaned_data[name] for name in asked}


def not_past(day: date) -> date:
    if day <= timezone.localdate():
        raise forms.ValidationError("Choose a day after today.")
    if day > timezone.localdate() + timedelta(days=90):
        raise forms.ValidationError("At most 90 days ahead; for longer put the journey on hold.")
    return day


def morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(8)))
