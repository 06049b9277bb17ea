"""What keeps texts from going out although they are due: everything at once, or all texts of one wording."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Halt(models.Model):
    """`key` is `provider`, `restore`, `staff` (everything rests) or `wording:<name>`. `again_at` is when one text may try whether it is
    over; without it a person must say so."""

    key = models.CharField(max_length=70)
    reason = models.CharField(max_length=60)
    opened_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)
    trips = models.PositiveIntegerField(default=1)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    lifted_reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], condition=models.Q(lifted_at=None), name="halt_one_open_per_key")]

    @property
    def wording(self) -> str:
        """Of the one text that rests; nothing where all do."""
        return self.key.partition(":")[2]


class Epoch(models.Model):
    """The database that texts were last sent from, by what PostgreSQL says of itself: a restored one says something else. `home` is the
    address of the installation: a copy of the disk says the same, but is started elsewhere."""

    fingerprint = models.CharField(max_length=80)
    home = models.CharField(max_length=200, blank=True, default="", db_default="")
    since = models.DateTimeField()
