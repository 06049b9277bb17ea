"""That a journey was begun because of another person's: a relative's because of the first of the family who was found to carry a variant."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from .journey import Journey


class JourneyLink(models.Model):
    """From the first person's journey to the other's. `said` is what the other journey was last told of the first one, and when."""

    class Kind(models.TextChoices):
        RELATIVE = "relative", gettext_lazy("relative")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="links")
    linked = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField(max_length=12, choices=Kind)
    kinship = models.CharField(max_length=24)
    degree = models.PositiveSmallIntegerField(null=True, help_text="1: parents, siblings, children")
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    said = models.JSONField(default=dict)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journey", "linked"], name="journey_link_once")]

    def __str__(self) -> str:
        return self.kinship
