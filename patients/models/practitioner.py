"""The directory of clinicians, with or without an account here."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .history import keeps_history


@keeps_history("PractitionerHistory")
class Practitioner(models.Model):
    npi = models.CharField(max_length=10, unique=True, null=True, blank=True)
    family = models.CharField(max_length=120)
    given = models.CharField(max_length=120, blank=True)
    specialty = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="practitioner")
    heard_from = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="the system that named them first; blank: entered by a person"
    )
    delegates = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.given} {self.family}".strip()

    def is_named_by(self, text: str) -> bool:
        """Whether the NPI was typed, or the whole name: less of it may mean somebody whom the directory does not know."""
        typed = set(text.replace(",", " ").casefold().split())
        return bool(self.npi and self.npi in typed) or bool(self.given and set(str(self).casefold().split()) <= typed)

    @property
    def described(self) -> str:
        """The name with what tells namesakes apart."""
        known = f"NPI {self.npi}" if self.npi else self.heard_from
        return ", ".join(part for part in (str(self), self.specialty, known) if part)

    @property
    def said_exactly(self) -> str:
        """What finds nobody else, where they have an NPI: the name and the number."""
        return f"{self} {self.npi}" if self.npi else str(self)


class PractitionerNumber(models.Model):
    """A clinician's number at an authority other than the NPI's: an employee or provider number of one hospital's system."""

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="numbers")
    authority = models.CharField(max_length=120)
    value = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority", "value"], name="practitioner_number_once")]
