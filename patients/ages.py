"""How old somebody is, in the words of a ward: newborns in days, infants in months, everybody else in years."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

INFANT_MONTHS = 24
NEWBORN_DAYS = 28


def age(born: date, on: date) -> str:
    """`12 d`, `7 mo`, `63 y`; blank before birth."""
    days = (on - born).days
    if days < 0:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if days < NEWBORN_DAYS or months < 1:
        return _("%(days)s d") % {"days": days}
    return _("%(months)s mo") % {"months": months} if months < INFANT_MONTHS else _("%(years)s y") % {"years": months // 12}
