"""What was typed when a session ended: kept for its writer, put back after signing in, forgotten when sent. The only writer of drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from .models import Draft, User

KEPT = timedelta(hours=24)
MOST_FIELDS, LONGEST, MOST_DRAFTS = 100, 20_000, 20
SECRETS = ("csrfmiddlewaretoken", "password", "oldpassword", "password1", "password2", "code", "secret", "token")
"""Never kept."""


def keep(*, user: User, page: str, action: str, fields: Mapping[str, Sequence[str]], now: datetime) -> Draft | None:
    """The newest words for this form; None when there is nothing worth keeping."""
    said = {name: list(values) for name, values in list(fields.items())[:MOST_FIELDS] if name not in SECRETS}
    typed = sum(len(value) for values in said.values() for value in values)
    if not any(value.strip() for values in said.values() for value in values) or typed > LONGEST:
        return None
    draft, _ = Draft.objects.update_or_create(
        user=user, action=action[:200], defaults={"page": page[:200], "fields": said, "saved_at": now}
    )
    surplus = Draft.objects.filter(user=user).order_by("-saved_at", "-pk").values_list("pk", flat=True)[MOST_DRAFTS:]
    Draft.objects.filter(pk__in=list(surplus)).delete()
    return draft


def of(user: User, *, now: datetime) -> QuerySet[Draft]:
    return Draft.objects.filter(user=user, saved_at__gt=now - KEPT).order_by("-saved_at")


def sent(*, user: User, action: str) -> int:
    """The form was sent: what was kept of it is forgotten."""
    deleted, _ = Draft.objects.filter(user=user, action=action[:200]).delete()
    return deleted


def forget_old(*, now: datetime) -> int:
    deleted, _ = Draft.objects.filter(saved_at__lte=now - KEPT).delete()
    return deleted
