"""What somebody wants to see of a lane: codes only, so that it may stand in an address and in a saved view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.putting_off import CRITICAL
from pathways.models import PathwayVersion, Rollout
from patients.models import User
from patients.templatetags.finalmile import words

PARTIES = ("clinic", "lab", "patient", "payer", "pharmacy", "financial_counselor", "family")
CAUSES = (
    "problem",
    "matter",
    "reply",
    "mail_answer",
    "bad_number",
    "unknown_send",
    "no_text",
    "letter",
    "interpreter",
    "hand_over",
    "result_changed",
    "note",
    "call",
)
URGENCY = {"critical": gettext_lazy("Critical"), "late": gettext_lazy("Answer late"), "in_time": gettext_lazy("Answer not late yet")}
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Wanted:
    """`midnight` is when today began, where the reader is; all others are codes, blank for any."""

    midnight: datetime
    role: str = ""
    programme: str = ""
    urgency: str = ""
    ball: str = ""
    about: str = ""
    site: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str], now: datetime) -> Wanted:
        """From a query or a saved view; what is too long for a code is dropped."""
        names = [one.name for one in fields(cls) if one.name != "midnight"]
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(midnight=midnight, **{name: str(given.get(name, ""))[:60] for name in names})

    @property
    def codes(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if name != "midnight" and value}

    @property
    def of_items(self) -> bool:
        """Whether any filter asks about the items themselves, beside their site and role."""
        return bool(self.programme or self.urgency or self.ball or self.about)

    @property
    def query(self) -> str:
        """As it stands in an address, with a leading `&`; blank without filters."""
        return f"&{urlencode(self.codes)}" if self.codes else ""

    @property
    def q(self) -> Q:
        wanted = Q()
        if self.programme:
            wanted &= Q(journey__pathway=self.programme)
        if self.ball:
            wanted &= Q(journey__ball=self.ball)
        if self.about:
            wanted &= Q(cause_kind=self.about)
        if self.site:
            wanted &= Q(site__code=self.site)
        return wanted & self._urgent()

    def _urgent(self) -> Q:
        now = timezone.now()
        match self.urgency:
            case "critical":
                return Q(priority__lte=CRITICAL)
            case "late":
                return Q(due_at__lte=now)
            case "in_time":
                return Q(due_at__gt=now)
            case _:
                return Q()


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter of the form: its name, label, and options (code, words)."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


def choices(user: User, wanted: Wanted, teams: list[tuple[str, str]]) -> list[Choice]:
    sites = {one.site.code: one.site.name for one in user.held()}
    found = [
        Choice("role", _("Work for"), teams, wanted.role),
        Choice("urgency", _("Urgency"), [(code, str(label)) for code, label in URGENCY.items()], wanted.urgency),
        Choice("programme", _("Programme"), programmes(user), wanted.programme),
        Choice("ball", _("Waiting for"), [(party, words(party)) for party in PARTIES], wanted.ball),
        Choice("about", _("About"), [(cause, words(cause)) for cause in CAUSES], wanted.about),
        Choice("site", _("Site"), sorted(sites.items()), wanted.site),
    ]
    return [choice for choice in found if len(choice.options) > 1]


def programmes(user: User) -> list[tuple[str, str]]:
    """Programmes of the user's sites by code, with their titles; asked once a minute."""
    sites = sorted(set(user.site_ids()))
    key = f"notifications.filters.programmes.{'-'.join(map(str, sites))}"
    found: list[tuple[str, str]] | None = cache.get(key)
    if found is None:
        codes = Rollout.objects.filter(site__in=sites).values("pathway")
        versions = PathwayVersion.objects.filter(code__in=codes).order_by("code", "-pk").distinct("code")
        found = sorted(versions.values_list("code", "title"), key=lambda one: one[1])
        cache.set(key, found, KEPT_SECONDS)
    return found
