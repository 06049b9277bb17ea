"""Sites and the days on which they do not work."""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from .history import keeps_history


def reconsent_ages() -> list[int]:
    """Thirteen, when a child's own word begins to count, and eighteen, when the parents' ends (local default; states differ)."""
    return [13, 18]


@keeps_history("SiteHistory", exclude=["calendar_after", "calendar_seen_at"])
class Site(models.Model):
    """A hospital, clinic or laboratory of the organisation; the scope of everything a user may see."""

    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    country = models.CharField(max_length=2, default="US")
    subdivision = models.CharField(max_length=10, blank=True, help_text="state, for its holidays")
    sender_name = models.CharField(max_length=40, blank=True, help_text="how texts sign; says nothing of a disease")
    call_back = models.CharField(max_length=20, blank=True, help_text="number that texts ask patients to call")
    reconsent_ages = ArrayField(
        models.PositiveSmallIntegerField(),
        default=reconsent_ages,
        help_text="birthdays after which consent to texts must be asked for anew",
    )
    texts_on_holidays = models.BooleanField(default=True, db_default=True, help_text="whether reminders go out on its closed days too")
    texts_from = models.TimeField(default=time(9), db_default=time(9), help_text="no reminder earlier, on the reader's clock")
    texts_until = models.TimeField(default=time(20), db_default=time(20), help_text="nor later")
    minutes = models.JSONField(
        default=dict, db_default={}, help_text="role -> minutes a working day for the queue, of who entered none; else the local default"
    )
    answers_worse = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="who answers a patient that feels worse; blank: not offered"
    )
    is_training = models.BooleanField(default=False)
    calendar_after = models.BigIntegerField(null=True, help_text="its clock or closures changed: journeys above this one follow yet")
    calendar_seen_at = models.DateTimeField(null=True, help_text="when the change was first seen by the tick")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(texts_from__gte=time(9), texts_until__lte=time(20), texts_from__lt=F("texts_until")), name="site_texts_by_day"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SiteHoliday(models.Model):
    """A closure beside the public holidays."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="closures")
    on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "on"], name="site_holiday_once")]
