"""Published definitions, and their stages and rungs compiled into rows that set-based SQL can join."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, FSMModelMixin, transition

from patients.models.history import keeps_history


@keeps_history("PathwayVersionHistory", exclude=["body", "listens", "rereads_after"])
class PathwayVersion(FSMModelMixin, models.Model):
    """One version of a programme's definition. Its content never changes, draft or published: a changed draft is the next number.

    `pathways.definitions.lifecycle` is the only writer; journeys stay pinned to the version they were opened with.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", gettext_lazy("draft")
        IN_REVIEW = "in_review", gettext_lazy("in review")
        APPROVED = "approved", gettext_lazy("approved")
        PUBLISHED = "published", gettext_lazy("in force")
        RETIRED = "retired", gettext_lazy("retired")
        DISCARDED = "discarded", gettext_lazy("discarded")

    code = models.SlugField(max_length=60)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    body = models.JSONField()
    status = FSMField(max_length=12, choices=Status.choices, default=Status.DRAFT, protected=True)
    shipped = models.BooleanField(default=False, help_text="the product's own release, approved by whoever released it")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_on = models.DateField(null=True)
    approved_note = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True)
    listens = models.JSONField(
        default=list, db_default=[], help_text="kinds of facts that the version names, as compiled when it came into force"
    )
    rereads_after = models.BigIntegerField(null=True, help_text="the last message read again for it; null when there is none left")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="pathway_version_once"),
            models.UniqueConstraint(fields=["code", "digest"], condition=~models.Q(status="discarded"), name="pathway_content_once"),
            models.UniqueConstraint(fields=["code"], condition=models.Q(status="published"), name="pathway_one_published"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(status__in=["draft", "in_review", "approved"]), name="pathway_one_in_the_making"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.number}"

    @transition(status, source=Status.DRAFT, target=Status.IN_REVIEW)
    def submit(self) -> None: ...

    @transition(status, source=Status.IN_REVIEW, target=Status.APPROVED)
    def approve(self) -> None: ...

    @transition(status, source=Status.APPROVED, target=Status.PUBLISHED)
    def publish(self) -> None: ...

    @transition(status, source=Status.PUBLISHED, target=Status.RETIRED)
    def retire(self) -> None: ...

    @transition(status, source=[Status.DRAFT, Status.IN_REVIEW, Status.APPROVED], target=Status.DISCARDED)
    def discard(self) -> None: ...


class VersionAct(models.Model):
    """What was done to a version, by whom (none: the product's own release), when and why. Never changed."""

    class Act(models.TextChoices):
        DRAFT = "draft", gettext_lazy("drafted")
        SUBMIT = "submit", gettext_lazy("submitted for review")
        APPROVE = "approve", gettext_lazy("approved")
        PUBLISH = "publish", gettext_lazy("put in force")
        RETIRE = "retire", gettext_lazy("taken out of force")
        DISCARD = "discard", gettext_lazy("discarded")

    version = models.ForeignKey(PathwayVersion, on_delete=models.CASCADE, related_name="acts")
    act = models.CharField(max_length=8, choices=Act)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    why = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "act"], name="version_act_once")]

    def __str__(self) -> str:
        return f"{self.version} {self.get_act_display()}"


class Stage(models.Model):
    """A place to wait, compiled at publish."""

    version = models.ForeignKey(PathwayVersion, on_delete=models.CASCADE, related_name="stages")
    track = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    problem = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    ball = models.CharField(max_length=40)
    awaits = models.JSONField(default=list)
    watch = models.BooleanField(default=False)
    blocks = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "track", "name"], name="stage_once_per_version")]

    def __str__(self) -> str:
        return f"{self.track}.{self.name}"


def texts_only() -> list[str]:
    return ["sms"]


class Rung(models.Model):
    """A planned reaction: of a stage, or of a kind of matter. `n` counts from 0 in the order of time."""

    class CatchUp(models.TextChoices):
        SEND = "send", gettext_lazy("send late")
        SKIP = "skip", gettext_lazy("skip")
        WORK_ITEM = "work_item", gettext_lazy("make a work item instead")

    stage = models.ForeignKey(Stage, null=True, on_delete=models.CASCADE, related_name="rungs")
    matter_kind = models.CharField(max_length=40, blank=True)
    n = models.PositiveSmallIntegerField()
    audience = models.CharField(max_length=40, help_text="patient, or the role that gets the work item")
    problem = models.CharField(max_length=60)
    priority = models.PositiveSmallIntegerField(help_text="1 most urgent ... 9")
    wording = models.CharField(max_length=60, blank=True)
    channels = ArrayField(
        models.CharField(max_length=10), default=texts_only, db_default=["sms"], help_text="how the patient is reached, in this order"
    )
    quiet_hours = models.BooleanField(default=False, db_default=False, help_text="an e-mail of it waits for the day, too")
    catch_up = models.CharField(max_length=12, choices=CatchUp, default=CatchUp.WORK_ITEM)
    expires_after = models.DurationField(null=True)
    every = models.DurationField(null=True)
    answer_within = models.DurationField(help_text="how long the work item may stay open before it escalates")
    trial = models.ForeignKey("pathways.Trial", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stage", "matter_kind", "n"], name="rung_once", nulls_distinct=False)]
