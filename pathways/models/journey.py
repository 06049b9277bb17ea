"""One episode of one patient on one pathway, and the state machines that say what may follow what."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, FSMModelMixin, transition

from patients.models import Patient, Practitioner, Site
from patients.models.patient import opened_in_emergency

from .definition import PathwayVersion

if TYPE_CHECKING:
    from patients.models import User


class Phase(models.TextChoices):
    IDENTIFIED = "identified", gettext_lazy("identified")
    ORDERED = "ordered", gettext_lazy("ordered")
    SAMPLED = "sampled", gettext_lazy("sampled")
    RESULTED = "resulted", gettext_lazy("resulted")
    DECIDED = "decided", gettext_lazy("decided")
    STARTED = "started", gettext_lazy("started")


class Status(models.TextChoices):
    ACTIVE = "active", gettext_lazy("active")
    COMPLETED = "completed", gettext_lazy("completed")
    EXITED = "exited", gettext_lazy("exited")
    VOID = "void", gettext_lazy("void")


class ExitClass(models.TextChoices):
    APPROPRIATE = "appropriate", gettext_lazy("appropriate")
    COMPETING = "competing", gettext_lazy("competing")
    ADMINISTRATIVE = "administrative", gettext_lazy("administrative")
    PREVENTABLE = "preventable", gettext_lazy("preventable")
    PATIENT_CHOICE = "patient_choice", gettext_lazy("patient's choice")


class JourneyQuerySet(models.QuerySet["Journey"]):
    def visible_to(self, user: User) -> JourneyQuerySet:
        """Journeys of the user's sites, home or participating."""
        sites = user.site_ids()
        taking_part = JourneySite.objects.filter(site__in=sites).values("journey")
        return self.filter(models.Q(home_site__in=sites) | models.Q(pk__in=taking_part)).exclude(status=Status.VOID)

    def within_reach_of(self, user: User, *, now: datetime) -> JourneyQuerySet:
        """As `visible_to`, and journeys of charts that the user opened in an emergency: to be read, never to be changed."""
        if user.emergency_until is None or user.emergency_until <= now:
            return self.visible_to(user)
        opened = opened_in_emergency(user, now=now)
        records = models.Q(patient__in=opened) | models.Q(patient__survivor__in=opened)
        return self.filter(models.Q(pk__in=self.visible_to(user).values("pk")) | records).exclude(status=Status.VOID)

    def open(self) -> JourneyQuerySet:
        return self.filter(status=Status.ACTIVE)


class Journey(FSMModelMixin, models.Model):
    """Phase, status and all first times are results of replay; `pathways.journeys` is their only writer."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    pathway = models.SlugField(max_length=60)
    version = models.ForeignKey(PathwayVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    primary_group = models.CharField(max_length=60)
    episode_no = models.PositiveSmallIntegerField(default=1)
    episode_kind = models.CharField(max_length=20, default="initial")
    laterality = models.CharField(max_length=10, blank=True)
    entry = models.CharField(max_length=40)
    found_by = models.CharField(max_length=40)
    home_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    accountable = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    responsible = models.ForeignKey(Practitioner, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    prevalent = models.BooleanField(default=False)
    under_observation_from = models.DateTimeField(null=True, help_text="transferred in: before that nothing could be seen here")
    opened_at = models.DateTimeField()
    observed_from = models.DateTimeField(
        null=True, help_text="since when we would have seen what happens, where that is later than opened_at: a transfer in"
    )
    phase = FSMField(max_length=12, choices=Phase.choices, default=Phase.IDENTIFIED, protected=True)
    status = FSMField(max_length=12, choices=Status.choices, default=Status.ACTIVE, protected=True)
    outcome = models.CharField(max_length=60, blank=True)
    exit_reason = models.CharField(max_length=60, blank=True)
    exit_class = models.CharField(max_length=16, blank=True, choices=ExitClass)
    ended_at = models.DateTimeField(null=True)
    identified_at = models.DateTimeField(null=True)
    ordered_at = models.DateTimeField(null=True)
    sampled_at = models.DateTimeField(null=True)
    resulted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    milestones = models.JSONField(default=dict, help_text="name -> [state, ISO time or null, basis lineage]; absent is unknown")
    ball = models.CharField(max_length=40, blank=True)
    balls = models.JSONField(default=list, help_text="[party, since, until or null] for every day from opening to end: who had the ball")
    held_until = models.DateTimeField(null=True)
    hold_reason = models.CharField(max_length=60, blank=True)
    context = models.JSONField(default=dict)
    context_digest = models.CharField(max_length=64, blank=True)
    anomalies = models.JSONField(default=list)
    replayed_at = models.DateTimeField(null=True)

    objects = JourneyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "pathway", "primary_group", "episode_no"],
                condition=models.Q(status="active"),
                name="journey_one_active_per_episode",
            )
        ]
        indexes = [
            models.Index(fields=["pathway", "home_site", "identified_at"], name="journey_report"),
            models.Index(fields=["ended_at"], condition=models.Q(status="exited", exit_class="preventable"), name="journey_lost"),
            models.Index(fields=["pathway", "patient"], condition=models.Q(episode_no__gt=1), name="journey_again"),
        ]

    def __str__(self) -> str:
        return f"{self.pathway} {self.episode_no} of patient {self.patient_id}"

    @transition(phase, source="*", target=Phase.IDENTIFIED)
    def stand_identified(self) -> None: ...

    @transition(phase, source="*", target=Phase.ORDERED)
    def stand_ordered(self) -> None: ...

    @transition(phase, source="*", target=Phase.SAMPLED)
    def stand_sampled(self) -> None: ...

    @transition(phase, source="*", target=Phase.RESULTED)
    def stand_resulted(self) -> None: ...

    @transition(phase, source="*", target=Phase.DECIDED)
    def stand_decided(self) -> None: ...

    @transition(phase, source="*", target=Phase.STARTED)
    def stand_started(self) -> None: ...

    @transition(status, source=[Status.ACTIVE, Status.EXITED, Status.VOID], target=Status.COMPLETED)
    def complete(self) -> None: ...

    @transition(status, source=[Status.ACTIVE, Status.COMPLETED, Status.VOID], target=Status.EXITED)
    def exit(self) -> None: ...

    @transition(status, source=[Status.COMPLETED, Status.EXITED, Status.VOID], target=Status.ACTIVE)
    def reopen(self) -> None: ...

    @transition(status, source=[Status.ACTIVE, Status.COMPLETED, Status.EXITED], target=Status.VOID)
    def void(self) -> None: ...


class JourneySite(models.Model):
    """A site that takes part in a journey beside its home site."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="participations")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journey", "site"], name="journey_site_once")]


class JourneyRevision(models.Model):
    """What the journey said until something was received: reports run as of what was known on an earlier day.

    `field` is `*`: `old` maps each column that changed to what it said before, a line of milestones as `milestones.NAME`; or `created`:
    before it there was no journey; or one column by name.
    """

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="revisions")
    field = models.CharField(max_length=60)
    old = models.JSONField(null=True)
    until_received = models.DateTimeField()

    class Meta:
        indexes = [BrinIndex(fields=["until_received"], name="journey_revision_time")]
