"""Who read what; append-only and hash-chained by `patients.access.seal`."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class AccessLog(models.Model):
    """One row per page, export or API answer that showed patient data. A list names every patient that it showed."""

    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=150, help_text="user name, feed or process as it was then")
    action = models.CharField(max_length=20, help_text="view, list, export, search, api")
    what = models.CharField(max_length=80, help_text="name of the route or report, without identifiers")
    patients = ArrayField(models.BigIntegerField(), default=list)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="access_at"), GinIndex(fields=["patients"], name="access_patients")]


class AccessSeal(models.Model):
    """The chain: SHA-256 over the previous seal and the row, written seconds after the row by one sealer."""

    entry = models.OneToOneField(AccessLog, on_delete=models.PROTECT, related_name="seal")
    digest = models.CharField(max_length=64)
