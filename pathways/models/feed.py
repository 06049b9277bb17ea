"""Sources of messages, and what each is expected to tell us."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Site
from patients.models.history import keeps_history


@keeps_history("FeedHistory", exclude=["data_as_of", "heard_at"])
class Feed(models.Model):
    """A source with an expected heartbeat. Only the digest of its inbound token is stored."""

    class Mode(models.TextChoices):
        LIVE = "live", gettext_lazy("live")
        BATCH = "batch", gettext_lazy("batch: speaks for the extract time it states")

    name = models.SlugField(unique=True, max_length=60)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.LIVE)
    token_digest = models.CharField(max_length=64, blank=True, db_index=True)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    assigner = models.CharField(max_length=80, blank=True, help_text="assigning authority of identifiers that name none")
    system = models.CharField(max_length=80, blank=True, help_text="lineage prefix; two feeds of one system share it")
    may_register = models.BooleanField(default=False)
    states_family = models.BooleanField(default=False, help_text="its next of kin and related persons are believed: parents may be told")
    attested = models.BooleanField(
        default=False, db_default=False, help_text="people write what it says (a spreadsheet): attested, not a system's record"
    )
    restarts_counter = models.BooleanField(default=False)
    holds_tests = models.BooleanField(
        default=False, db_default=False, help_text="what says that it is a test (MSH-11 T or D, HTEST) waits for a person"
    )
    sentinel_ids = models.JSONField(default=list, blank=True)
    longest_silence = models.DurationField(null=True, blank=True)
    retention_days = models.PositiveSmallIntegerField(
        default=400, db_default=400, help_text="how long messages without effect are kept whole"
    )
    data_as_of = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


@keeps_history("CoverageHistory")
class Coverage(models.Model):
    """What of a kind of event we can see at a site: a feed brings it, people type it, or nobody does."""

    class How(models.TextChoices):
        FED = "fed", gettext_lazy("fed by a feed")
        BY_HAND = "by_hand", gettext_lazy("by hand")
        NOT_OBSERVABLE = "not_observable", gettext_lazy("not observable here")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    how = models.CharField(max_length=16, choices=How)
    feed = models.ForeignKey(Feed, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "kind"], name="coverage_once_per_site_and_kind")]


@keeps_history("ExpectationHistory", exclude=["heard_at", "silent_from"])
class Expectation(models.Model):
    """How long a feed may bring nothing of a kind (blank: nothing at all) before its silence is taken for silence.

    Time counts only within `opens` to `closes` at the site, and only on working days where so said. `silent_from` is when the present
    quiet becomes too long: `pathways.observing` computes it whenever the feed is heard, so that the sweep only compares.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="expectations")
    kind = models.CharField(max_length=60, blank=True)
    longest_silence = models.DurationField()
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    working_days = models.BooleanField(default=False)
    heard_at = models.DateTimeField(null=True)
    silent_from = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "feed", "kind"], name="expectation_once")]
