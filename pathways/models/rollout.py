"""How far a programme has gone live at a site, who changed it and why, and who signed the targets it rings by."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Site

from .definition import PathwayVersion


class RolloutQuerySet(models.QuerySet["Rollout"]):
    def acting(self) -> RolloutQuerySet:
        """Where work items are made."""
        return self.filter(mode__in=[Rollout.Mode.STAFF, Rollout.Mode.LIVE])

    def ringing(self) -> RolloutQuerySet:
        return self.filter(mode__in=[Rollout.Mode.SHADOW, Rollout.Mode.STAFF, Rollout.Mode.LIVE])


class Rollout(models.Model):
    """One programme at one site. `pathways.rollouts` is the only writer.

    `observed_from` is when the site first left *backfill*: whoever was under way before is prevalent. `enrolling_after` is the last
    patient whose facts were put to the enrol rules at the switch; null when that is done.
    """

    class Mode(models.TextChoices):
        OFF = "off", gettext_lazy("off")
        BACKFILL = "backfill", gettext_lazy("backfill")
        SHADOW = "shadow", gettext_lazy("shadow")
        STAFF = "staff", gettext_lazy("staff only")
        LIVE = "live", gettext_lazy("live")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    pathway = models.SlugField(max_length=60)
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.OFF)
    texts_from = models.DateTimeField(null=True)
    default_accountable = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    release_per_day = models.PositiveSmallIntegerField(default=10, help_text="taken off the review list per accountable person and day")
    alert_budget = models.JSONField(
        default=dict, blank=True, help_text="role -> work items it can answer a day; else the product's default"
    )
    released_on = models.DateField(null=True, help_text="the last day whose share was released")
    signed_version = models.ForeignKey(PathwayVersion, null=True, on_delete=models.PROTECT, related_name="+")
    paused_at = models.DateTimeField(null=True, help_text="no text goes out while set")
    observed_from = models.DateTimeField(null=True)
    enrolling_after = models.BigIntegerField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    objects = RolloutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "pathway"], name="rollout_once"),
            models.CheckConstraint(
                condition=~models.Q(mode__in=["staff", "live"]) | models.Q(default_accountable__isnull=False),
                name="rollout_has_accountable_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pathway} at {self.site}"


class RolloutChange(models.Model):
    """What a named person changed of a rollout, and why; append-only."""

    class What(models.TextChoices):
        MODE = "mode", gettext_lazy("mode")
        SETTINGS = "settings", gettext_lazy("settings")
        SIGNED = "signed", gettext_lazy("targets signed")
        PAUSED = "paused", gettext_lazy("texts paused")
        RESUMED = "resumed", gettext_lazy("texts resumed")
        RELEASED = "released", gettext_lazy("released from the review list")

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(max_length=10, choices=What)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    reason = models.TextField()


class Signature(models.Model):
    """That a lead of the site answers for the targets of a version which no published standard stands behind; append-only.

    `targets` is what was signed, word for word.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PathwayVersion, on_delete=models.PROTECT, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    targets = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["site", "version", "-at"], name="signature_latest")]
