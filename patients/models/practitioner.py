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
    delegates = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.given} {self.family}".strip()
