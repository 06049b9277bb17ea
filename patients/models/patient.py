"""Patients, their identifiers, the sites that know them, and who may act for them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from .history import keeps_history
from .person import Person
from .site import Site

if TYPE_CHECKING:
    from .staff import User


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User) -> PatientQuerySet:
        """Patients known at one of the user's sites; merged records are seen through their survivor."""
        return self.filter(survivor__isnull=True, pk__in=PatientSite.objects.filter(site__in=user.site_ids()).values("patient"))

    def within_reach_of(self, user: User, *, now: datetime) -> PatientQuerySet:
        """As `visible_to`, and charts that the user opened in an emergency within the hour: to be read, never to be changed."""
        if user.emergency_until is None or user.emergency_until <= now:
            return self.visible_to(user)
        known = PatientSite.objects.filter(site__in=user.site_ids()).values("patient")
        return self.filter(models.Q(pk__in=known) | models.Q(pk__in=opened_in_emergency(user, now=now)), survivor__isnull=True)


def opened_in_emergency(user: User, *, now: datetime) -> models.QuerySet[Any]:
    """Ids of patients whose charts are open to the user although none of the user's sites knows them."""
    from .emergency import EmergencyAccess

    return EmergencyAccess.objects.filter(user=user, until__gt=now).values_list("patient", flat=True)


@keeps_history("PatientHistory", exclude=["said_at", "life_at"])
class Patient(models.Model):
    """Blank and null say *unknown*, which is a value of its own in every report."""

    class Sex(models.TextChoices):
        FEMALE = "female", gettext_lazy("female")
        MALE = "male", gettext_lazy("male")
        OTHER = "other", gettext_lazy("other")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pseudonym = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="a relative who has not agreed to be known"
    )
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="patient")
    sex = models.CharField(max_length=8, choices=Sex, blank=True)
    race = models.CharField(max_length=40, blank=True)
    ethnicity = models.CharField(max_length=40, blank=True)
    payer = models.CharField(max_length=60, blank=True)
    rurality = models.CharField(max_length=20, blank=True)
    died_lo = models.DateTimeField(null=True)
    died_hi = models.DateTimeField(null=True)
    death_source = models.CharField(max_length=60, blank=True)
    death_hold_since = models.DateTimeField(null=True, help_text="a hint of death that a person has not settled: no text goes out")
    death_hint_source = models.CharField(max_length=60, blank=True)
    death_hint_refuted_at = models.DateTimeField(
        null=True, help_text="a person found the patient alive; the same source is not believed again"
    )
    admitted_since = models.DateTimeField(null=True, help_text="no text while admitted")
    survivor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    is_test = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True, help_text="when the newest registration message was made: older ones only fill gaps")
    life_at = models.DateTimeField(null=True, help_text="when somebody with authority last said whether the patient lives")

    objects = PatientQuerySet.as_manager()

    def __str__(self) -> str:
        return self.pseudonym or str(self.meant.person)

    @property
    def meant(self) -> Patient:
        """Whom a merged record stands for."""
        return self.survivor or self


class Identifier(models.Model):
    """A number under which an assigning authority knows a patient."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    authority = models.CharField(max_length=120)
    value = models.CharField(max_length=120)
    type = models.CharField(max_length=20, default="MR")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authority", "value"], condition=models.Q(until__isnull=True), name="identifier_once")
        ]


class PatientSite(models.Model):
    """That a site takes part in a patient's care, and so may see the record."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="sites")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "site"], name="patient_site_once")]


class Merge(models.Model):
    """One record became another, or was parted from it again; append-only."""

    loser = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    survivor = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    merged = models.BooleanField(default=True, help_text="false: the merge was undone")
    at = models.DateTimeField()
    source = models.CharField(max_length=200)


@keeps_history("AuthorityHistory")
class Authority(models.Model):
    """That a person may be told of, and speak for, a patient. Parents and guardians until the patient is of age; with `limits` (custody, a
    court) a person judges each time, and nothing goes out by itself."""

    class Basis(models.TextChoices):
        PARENT = "parent", gettext_lazy("parent")
        GUARDIAN = "guardian", gettext_lazy("legal guardian")
        PROXY = "proxy", gettext_lazy("health-care proxy")
        NAMED = "named", gettext_lazy("named by the patient")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="authorities")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="authorities")
    basis = models.CharField(max_length=12, choices=Basis)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    limits = models.TextField(blank=True)
    source = models.CharField(max_length=60, blank=True, help_text="the feed that said so; blank: a member of staff")
    ended_because = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "patient"], condition=models.Q(until__isnull=True), name="authority_once")]
