"""A task for a staff member, with its cause; FHIR calls it Task, we do not (Celery does)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, FSMModelMixin, transition

from pathways.models import Alert, Journey, JourneySite, Matter
from patients.models import Patient, Site

if TYPE_CHECKING:
    from patients.models import User


class ItemState(models.TextChoices):
    OPEN = "open", gettext_lazy("open")
    CLAIMED = "claimed", gettext_lazy("claimed")
    PARKED = "parked", gettext_lazy("snoozed")
    DONE = "done", gettext_lazy("done")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


OPEN_STATES = (ItemState.OPEN, ItemState.CLAIMED, ItemState.PARKED)


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    def visible_to(self, user: User) -> WorkItemQuerySet:
        """Items that the user may read: of their sites, and those of journeys in which a site of theirs takes part."""
        sites = user.site_ids()
        shared = JourneySite.objects.filter(site__in=sites).values("journey")
        return self.filter(models.Q(site__in=sites) | models.Q(journey__in=shared), shadow=False)

    def worked_by(self, user: User) -> WorkItemQuerySet:
        """Items that are asked of the user's sites, and so theirs to work; shadow items are for the go-live comparison only."""
        return self.filter(site__in=user.site_ids(), shadow=False)

    def open(self) -> WorkItemQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def addressed_to(self, roles: Collection[str]) -> WorkItemQuerySet:
        """Items for any of `roles`: whom the item is with now, or was with before it went to somebody else."""
        return self.filter(models.Q(audience__in=roles) | models.Q(also_for__overlap=list(roles)))

    def claimable(self) -> WorkItemQuerySet:
        """Open items that still have a reason: born here, or with an alert that stands."""
        links = WorkItemAlert.objects.filter(item=models.OuterRef("pk")).order_by()
        stands = models.Func("alert__withdrawn_at", template="bool_or(%(expressions)s IS NULL)", output_field=models.BooleanField())
        standing = links.annotate(stands=stands).values("stands")  # no aggregate to Django, which would group the rows of one item
        # A scalar per row: PostgreSQL would hash all links for EXISTS, and the lane is read a page at a time.
        reason = Coalesce(models.Subquery(standing, output_field=models.BooleanField()), models.Value(True))
        return self.filter(reason, state=ItemState.OPEN, shadow=False)


class WorkItem(FSMModelMixin, models.Model):
    """One open per cause. Lower `priority` is more urgent. `reason_gone_at` keeps a claimed item with its holder, marked."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cause_kind = models.CharField(max_length=16, help_text="problem, matter, reply, bad_number, unknown_send, hand_over")
    cause_key = models.TextField()
    site = models.ForeignKey(Site, db_index=False, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    matter = models.ForeignKey(Matter, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    problem = models.CharField(max_length=60)
    audience = models.CharField(max_length=40, help_text="the role that is to act now")
    also_for = ArrayField(models.CharField(max_length=40), default=list, help_text="roles it is shown to beside: whom it was with before")
    priority = models.PositiveSmallIntegerField()
    state = FSMField(max_length=10, choices=ItemState.choices, default=ItemState.OPEN, protected=True)
    shadow = models.BooleanField(default=False)
    to_confirm = models.BooleanField(
        default=False, db_default=False, help_text="no feed would tell us: the question is whether it happened"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    offered_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="a hand-over counts when accepted",
    )
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    parked_until = models.DateTimeField(null=True)
    parked_priority = models.PositiveSmallIntegerField(null=True)
    parked_reason = models.CharField(max_length=60, blank=True)
    wakes_on = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="kind of event that ends the snooze before its date"
    )
    waiting_on = models.CharField(max_length=40, blank=True, default="", db_default="", help_text="the party whose turn it is meanwhile")
    returned_at = models.DateTimeField(null=True, help_text="when it last came back to its lane: put back, woken, reopened")
    intended = models.JSONField(null=True, help_text="an outcome that can still be undone; applied at `intended_until`")
    intended_until = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    reason_gone_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0, help_text="a late save of another screen never overwrites")

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause_kind", "cause_key", "shadow"],
                condition=models.Q(state__in=["open", "claimed", "parked"]),
                name="work_item_one_open_per_cause",
            )
        ]
        indexes = [
            models.Index(
                fields=["site", "priority", "due_at", "id"],
                condition=models.Q(state="open", owner__isnull=True, shadow=False),
                name="work_item_unclaimed",
            ),
            models.Index(
                fields=["site", "audience"], condition=models.Q(state="open", owner__isnull=True, shadow=False), name="work_item_audience"
            ),
            models.Index(
                fields=["site"],
                condition=models.Q(state="open", owner__isnull=True, shadow=False) & ~models.Q(also_for=[]),
                name="work_item_also_for",
            ),
            models.Index(fields=["opened_at"], condition=models.Q(state="open", owner__isnull=True, shadow=False), name="work_item_opened"),
            models.Index(fields=["returned_at"], condition=models.Q(state="open", returned_at__isnull=False), name="work_item_returned"),
            models.Index(
                fields=["site", "priority", "due_at", "id"], condition=models.Q(state="parked", shadow=False), name="work_item_parked"
            ),
            models.Index(
                fields=["site", "priority", "due_at", "id"],
                condition=models.Q(state="parked", shadow=False) & ~models.Q(waiting_on=""),
                name="work_item_waiting",
            ),
            models.Index(
                fields=["owner", "priority", "due_at", "id"],
                condition=models.Q(state__in=["open", "claimed", "parked"], owner__isnull=False),
                name="work_item_owner",
            ),
            models.Index(fields=["site", "closed_at"], condition=models.Q(state__in=["done", "withdrawn"]), name="work_item_closed"),
            models.Index(fields=["site", "closed_at"], condition=models.Q(state="withdrawn"), name="work_item_withdrawn"),
            models.Index(fields=["owner", "closed_at"], condition=models.Q(state="done"), name="work_item_done_by"),
            models.Index(fields=["offered_to"], condition=models.Q(offered_to__isnull=False), name="work_item_offered"),
            models.Index(fields=["intended_until"], condition=models.Q(intended_until__isnull=False), name="work_item_intended"),
            models.Index(fields=["journey"], name="work_item_journey"),
            models.Index(
                fields=["id"],
                condition=models.Q(audience="clinician", state__in=["open", "claimed", "parked"], shadow=False),
                name="work_item_clinician",
            ),
            models.Index(fields=["due_at"], condition=models.Q(state__in=["open", "claimed", "parked"]), name="work_item_due"),
        ]

    @transition(state, source=ItemState.OPEN, target=ItemState.CLAIMED)
    def claim(self) -> None: ...

    @transition(state, source=[ItemState.CLAIMED, ItemState.PARKED], target=ItemState.OPEN)
    def put_back(self) -> None: ...

    @transition(state, source=[ItemState.OPEN, ItemState.CLAIMED], target=ItemState.PARKED)
    def park(self) -> None: ...

    @transition(state, source=[ItemState.OPEN, ItemState.CLAIMED, ItemState.PARKED], target=ItemState.DONE)
    def finish(self) -> None: ...

    @transition(state, source=ItemState.DONE, target=ItemState.CLAIMED)
    def reopen(self) -> None: ...

    @transition(state, source=[ItemState.OPEN, ItemState.PARKED], target=ItemState.WITHDRAWN)
    def withdraw(self) -> None: ...


class WorkItemAlert(models.Model):
    """Which alerts an item stands for; an alert belongs to at most one item."""

    alert = models.OneToOneField(Alert, primary_key=True, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(WorkItem, on_delete=models.PROTECT, related_name="alerts")
