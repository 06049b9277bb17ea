"""What the lot decided about a patient in a comparison of reminders. Written by the plan, once; never changed."""

from __future__ import annotations

import uuid

from django.db import models

from pathways.models import Journey, Stay, Trial
from patients.models import Patient, Site


class Allocation(models.Model):
    """`position` counts a site's patients in the order in which they were drawn, from 0. `waits`: hears later, at `until` at the latest;
    the analysis keeps everybody where the lot put them, whatever came after."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="+")
    stay = models.ForeignKey(Stay, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    waits = models.BooleanField()
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trial", "patient"], name="allocation_once"),
            models.UniqueConstraint(fields=["trial", "site", "position"], name="allocation_position"),
        ]
