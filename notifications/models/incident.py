"""Something went wrong that could harm: the wrong patient, a text, a stall that nobody was told of."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from pathways.models import Journey, Stage
from patients.models import Site

from .message import Message
from .work_item import WorkItem


class IncidentQuerySet(models.QuerySet["Incident"]):
    def at_sites(self, sites: list[int]) -> IncidentQuerySet:
        return self.filter(site__in=sites)


class Incident(models.Model):
    """Linked to the journey and to the rule (a stage of its version, or a rule of the knowledge by name). It is closed with what was found and
    what was done; it is never deleted."""

    class Kind(models.TextChoices):
        WRONG_PATIENT = "wrong_patient", gettext_lazy("wrong patient")
        TEXT_HARM = "text_harm", gettext_lazy("a text did harm")
        MISSED_STALL = "missed_stall", gettext_lazy("a stall that nobody was told of")
        PRIVACY = "privacy", gettext_lazy("somebody saw what they should not")
        OTHER = "other", gettext_lazy("something else")

    class Harm(models.TextChoices):
        NONE = "none", gettext_lazy("none: it was caught in time")
        DELAY = "delay", gettext_lazy("care was delayed")
        DISTRESS = "distress", gettext_lazy("distress")
        PHYSICAL = "physical", gettext_lazy("physical harm")
        UNKNOWN = "unknown", gettext_lazy("not known yet")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    harm = models.CharField(max_length=10, choices=Harm, default=Harm.UNKNOWN)
    journey = models.ForeignKey(Journey, null=True, on_delete=models.PROTECT, related_name="+")
    stage = models.ForeignKey(Stage, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    rule = models.CharField(max_length=120, blank=True, help_text="a rule of the knowledge, by its name")
    item = models.ForeignKey(WorkItem, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    happened_at = models.DateTimeField()
    what = models.TextField()
    reported_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    finding = models.TextField(blank=True)
    action = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = IncidentQuerySet.as_manager()
