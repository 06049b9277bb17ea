"""Who signs in, and in which role at which site."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.utils.translation import gettext_lazy

from .site import Site


class Role(models.TextChoices):
    NAVIGATOR = "navigator", gettext_lazy("nurse navigator")
    LEAD = "lead", gettext_lazy("lead navigator")
    MANAGER = "manager", gettext_lazy("manager")
    CLINICIAN = "clinician", gettext_lazy("clinician")
    PHARMACIST = "pharmacist", gettext_lazy("pharmacist")
    GENETIC_COUNSELOR = "genetic_counselor", gettext_lazy("genetic counselor")
    LAB_LIAISON = "lab_liaison", gettext_lazy("lab liaison")
    FINANCIAL_COUNSELOR = "financial_counselor", gettext_lazy("financial counselor")
    ADMINISTRATOR = "administrator", gettext_lazy("administrator")
    AUDITOR = "auditor", gettext_lazy("auditor")
    INTEGRATION = "integration", gettext_lazy("integration engineer")


CARE = (
    Role.NAVIGATOR,
    Role.LEAD,
    Role.CLINICIAN,
    Role.PHARMACIST,
    Role.GENETIC_COUNSELOR,
    Role.LAB_LIAISON,
    Role.FINANCIAL_COUNSELOR,
)
"""Who work items are for, and who opens charts to do them."""


class User(AbstractUser):
    """A staff member. What they may see follows from their memberships, never from flags."""

    uid = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    language = models.CharField(max_length=5, blank=True, default="", db_default="", help_text="of the screens; blank: as the browser asks")
    emergency_until = models.DateTimeField(null=True, help_text="until when some chart of another site is open to them")

    _remembered: list[Membership] | None = None
    _acting: frozenset[str] | None = None

    def held(self) -> list[Membership]:
        """Memberships that hold now, with their sites; none for a disabled user."""
        if self._remembered is not None:
            return self._remembered
        return list(self.memberships.filter(until__isnull=True).select_related("site")) if self.is_active else []

    def remember(self) -> None:
        """Asks once for as long as this object lives: a request asks for its user's roles many times."""
        self._remembered = self.held()

    def act_as(self, roles: Iterable[str]) -> None:
        """For as long as this object lives, only sites where one of `roles` is held are seen: who reads charts at one site does not
        read those of another for being its integration engineer."""
        self._acting = frozenset(roles)

    def site_ids(self) -> list[int]:
        """Sites of all current memberships, or of those as which the user acts; empty for an anonymous or disabled user."""
        return list(dict.fromkeys(one.site_id for one in self.held() if self._acting is None or one.role in self._acting))

    def roles(self) -> set[str]:
        return {one.role for one in self.held()}

    def roles_at(self, site_id: int) -> set[str]:
        return {one.role for one in self.held() if one.site_id == site_id}

    def has_role(self, *roles: str) -> bool:
        """Whether the user holds any of `roles` at any site."""
        return not self.roles().isdisjoint(roles)


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=24, choices=Role)
    since = models.DateField(auto_now_add=True)
    until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "site", "role"], name="membership_once")]
