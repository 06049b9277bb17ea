"""People: patients, parents, proxies, relatives; how to reach them, and who may be told of whom."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Upper

from .history import keeps_history


@keeps_history("PersonHistory")
class Person(models.Model):
    """Someone we may talk to. A patient is a person with identifiers (`Patient`)."""

    family = models.CharField(max_length=200, blank=True)
    given = models.CharField(max_length=200, blank=True)
    birth_lo = models.DateField(null=True, help_text="birth date, or first day of a partial one")
    birth_hi = models.DateField(null=True, help_text="birth date, or last day of a partial one")
    language = models.CharField(max_length=10, blank=True, help_text="BCP 47; blank is unknown")
    time_zone = models.CharField(max_length=64, blank=True, help_text="where the address lies; blank is unknown")
    zone_by_hand = models.BooleanField(default=False, db_default=False, help_text="a person said where they live: no feed moves it")

    class Meta:
        indexes = [models.Index(Upper("family"), name="person_family"), models.Index(fields=["birth_lo"], name="person_birth")]

    def __str__(self) -> str:
        return f"{self.family}, {self.given}".strip(", ") or "name unknown"


class Phone(models.Model):
    """One number, shared by whoever uses it. STOP stops the number, whatever any permission says."""

    e164 = models.CharField(max_length=16, unique=True)
    zone = models.CharField(max_length=64, blank=True)
    stopped_at = models.DateTimeField(null=True)
    bad_since = models.DateTimeField(null=True)
    bad_reason = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return self.e164


class Mailbox(models.Model):
    """One e-mail address, shared by whoever reads it. Whoever stops it stops it for everybody; STOP by text is another matter."""

    address = models.EmailField(unique=True, help_text="in small letters")
    uid = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False, help_text="in the link that stops it; never expires")
    stopped_at = models.DateTimeField(null=True)
    bad_since = models.DateTimeField(null=True)
    bad_reason = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return self.address


class ContactPoint(models.Model):
    """That a person uses a number or an e-mail address; the lowest rank is tried first."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_points")
    phone = models.ForeignKey(Phone, null=True, on_delete=models.PROTECT, related_name="contact_points")
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.PROTECT, related_name="contact_points")
    rank = models.PositiveSmallIntegerField(default=1)
    verified_at = models.DateTimeField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "phone"], condition=models.Q(until__isnull=True), name="contact_point_once"),
            models.UniqueConstraint(fields=["person", "mailbox"], condition=models.Q(until__isnull=True), name="mail_point_once"),
            models.CheckConstraint(
                condition=models.Q(phone__isnull=False, mailbox__isnull=True) | models.Q(phone__isnull=True, mailbox__isnull=False),
                name="contact_point_has_one_address",
            ),
        ]
