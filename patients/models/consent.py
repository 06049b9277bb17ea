"""The consent ledger, and the row that says what holds now."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from .history import keeps_history
from .patient import Patient
from .person import Mailbox, Person, Phone


class ConsentKind(models.TextChoices):
    TEXT = "text", gettext_lazy("text messages")
    EMAIL = "email", gettext_lazy("e-mails")
    GENETIC_TEST = "genetic_test", gettext_lazy("genetic test")
    RESEARCH = "research", gettext_lazy("research")
    FAMILY_CONTACT = "family_contact", gettext_lazy("contact with family")
    DISCLOSURE = "disclosure", gettext_lazy("wish to know")


class ConsentEntry(models.Model):
    """Append-only: who said what, when, how, in which words."""

    class Decision(models.TextChoices):
        GRANTED = "granted", gettext_lazy("granted")
        REVOKED = "revoked", gettext_lazy("revoked")

    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    phone = models.ForeignKey(Phone, null=True, on_delete=models.PROTECT, related_name="+")
    mailbox = models.ForeignKey(Mailbox, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=ConsentKind)
    programme = models.CharField(max_length=60, blank=True, help_text="blank: all programmes")
    decision = models.CharField(max_length=8, choices=Decision)
    at = models.DateTimeField()
    how = models.CharField(max_length=40, help_text="form, verbal, feed, reply, provider ...")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    wording_version = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, blank=True)
    evidence = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "kind"], name="consent_patient")]


@keeps_history("PermissionHistory")
class Permission(models.Model):
    """May we text this person about this patient on this phone? The row that sending locks. Blank programme: all."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="permissions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="permissions")
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, related_name="permissions")
    programme = models.CharField(max_length=60, blank=True)
    granted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True, help_text="when it ends by itself, where it was given for a time")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "patient", "phone", "programme"], name="permission_once")]
        indexes = [
            models.Index(fields=["phone"], name="permission_phone"),
            models.Index(fields=["patient"], name="permission_patient"),
            models.Index(fields=["until"], condition=models.Q(until__isnull=False), name="permission_ends"),
        ]


@keeps_history("MailPermissionHistory")
class MailPermission(models.Model):
    """May we e-mail this person about this patient to this address? Never implied by a permission to text, and implies none."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="mail_permissions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="mail_permissions")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="permissions")
    programme = models.CharField(max_length=60, blank=True)
    granted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True, help_text="when it ends by itself, where it was given for a time")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "patient", "mailbox", "programme"], name="mail_permission_once")]
        indexes = [
            models.Index(fields=["patient"], name="mail_permission_patient"),
            models.Index(fields=["until"], condition=models.Q(until__isnull=False), name="mail_permission_ends"),
        ]
