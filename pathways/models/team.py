"""Who answers for a journey: the people of its care team over time, and hand-overs that wait to be accepted."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Practitioner, Site

from .journey import Journey


class TeamRole(models.TextChoices):
    """The ball is not here: it may be a laboratory's or the patient's, and replay says whose."""

    ACCOUNTABLE = "accountable", gettext_lazy("accountable")
    RESPONSIBLE = "responsible", gettext_lazy("responsible clinician")
    ORDERER = "orderer", gettext_lazy("ordered the test")
    COUNSELOR = "counselor", gettext_lazy("genetic counselor")
    PHARMACIST = "pharmacist", gettext_lazy("pharmacist")
    OTHER = "other", gettext_lazy("also takes part")


ONE_AT_A_TIME = (TeamRole.ACCOUNTABLE, TeamRole.RESPONSIBLE)


class CareTeam(models.Model):
    """That somebody holds a role on a journey, from when until when, and who says so. Rows end; they are never deleted.

    `source` is where it comes from (by hand, enrolment, hand-over, a feed); `confirmed` by a person, which a feed's word alone is not.
    """

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="team")
    role = models.CharField(max_length=12, choices=TeamRole)
    practitioner = models.ForeignKey(Practitioner, null=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    source = models.CharField(max_length=60)
    confirmed = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(practitioner__isnull=False, staff__isnull=True)
                | models.Q(practitioner__isnull=True, staff__isnull=False),
                name="care_team_is_one_person",
            ),
            models.UniqueConstraint(
                fields=["journey", "role"],
                condition=models.Q(until__isnull=True, role__in=["accountable", "responsible"]),
                name="care_team_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["journey", "role", "practitioner", "staff"],
                condition=models.Q(until__isnull=True),
                nulls_distinct=False,
                name="care_team_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.practitioner or (self.staff.get_full_name() if self.staff else "") or self.staff)


class HandOver(models.Model):
    """Somebody is asked to answer for a journey from now on, or another site to be its home. It counts when it is accepted."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", gettext_lazy("accepted")
        DECLINED = "declined", gettext_lazy("declined")
        RETURNED = "returned", gettext_lazy("not answered in time")
        TAKEN_BACK = "taken_back", gettext_lazy("taken back")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="hand_overs")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    to_site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["journey"], condition=models.Q(settled_at__isnull=True), name="hand_over_one_open"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(settled_at__isnull=True), name="hand_over_due")]
