"""Forms of the rollout pages."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy

from pathways.models import Rollout
from patients.models import Site, User
from patients.templatetags.finalmile import sentence
from patients.views.guard import CARE

MEANS = {
    Rollout.Mode.OFF: gettext_lazy("Messages are kept; nobody is enrolled."),
    Rollout.Mode.BACKFILL: gettext_lazy("History is loaded and replayed; nothing rings."),
    Rollout.Mode.SHADOW: gettext_lazy("What would be asked and texted is recorded for comparison; nobody is asked."),
    Rollout.Mode.STAFF: gettext_lazy("Work items for staff; no texts."),
    Rollout.Mode.LIVE: gettext_lazy("Work items, and texts for what falls due from now on."),
}


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A member of staff, by name."""

    def label_from_instance(self, obj: User) -> str:
        return obj.get_full_name() or obj.get_username()


class SwitchForm(forms.Form):
    """What is left blank stays as it is."""

    mode = forms.ChoiceField(label=gettext_lazy("Mode"), widget=forms.RadioSelect)
    default_accountable = PersonField(
        label=gettext_lazy("Accountable person"),
        queryset=User.objects.none(),
        required=False,
        help_text=gettext_lazy("Answers for every patient who has nobody of their own. Needed from staff on."),
    )
    texts_from = forms.DateField(
        label=gettext_lazy("Texts from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Only for live. What was due before this day is never texted. Blank: from the moment of the switch."),
    )
    release_per_day = forms.IntegerField(
        label=gettext_lazy("Released per person and working day"),
        min_value=1,
        max_value=200,
        help_text=gettext_lazy("How many of those overdue at the switch each accountable person is asked about a day."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, rollout: Rollout, data: Any = None) -> None:
        super().__init__(data, initial=_as_it_is(rollout))
        self.site: Site = rollout.site
        mode, person = self.fields["mode"], self.fields["default_accountable"]
        assert isinstance(mode, forms.ChoiceField)
        assert isinstance(person, PersonField)
        mode.choices = [(one.value, f"{sentence(str(one.label))}: {MEANS[one]}") for one in Rollout.Mode]
        person.queryset = accountable_at(rollout.site)
        if not person.queryset.exists():
            person.help_text = gettext_lazy("Nobody cares for patients at this site yet: an administrator invites them under People.")

    def changes(self, now: datetime) -> dict[str, Any]:
        """The arguments of `rollouts.switch` that the form gives."""
        given = self.cleaned_data
        return {
            "mode": Rollout.Mode(given["mode"]),
            "default_accountable": given["default_accountable"],
            "texts_from": self._texts_from(given["texts_from"], now) if given["mode"] == Rollout.Mode.LIVE else None,
            "release_per_day": given["release_per_day"],
            "reason": given["reason"],
        }

    def _texts_from(self, day: date | None, now: datetime) -> datetime | None:
        """The beginning of the day at the site; today means now, for this morning's rungs are history."""
        zone = ZoneInfo(self.site.time_zone)
        if day is None or day == now.astimezone(zone).date():
            return None
        return datetime.combine(day, time(), tzinfo=zone)


class SignForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("For example who was asked, and in which meeting."),
    )


def accountable_at(site: Site) -> Any:
    """Staff who care for patients at the site."""
    here = {"memberships__site": site, "memberships__until": None, "memberships__role__in": CARE, "is_active": True}
    return User.objects.filter(**here).distinct().order_by("last_name", "first_name", "username")


def _as_it_is(rollout: Rollout) -> dict[str, Any]:
    return {"mode": rollout.mode, "default_accountable": rollout.default_accountable_id, "release_per_day": rollout.release_per_day}
