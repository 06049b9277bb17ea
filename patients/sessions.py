"""Sessions of a person, ended from the server. They live in the database; whose each one is stands inside it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from .models import User


def end_all(user: User, *, now: datetime) -> int:
    """Every browser in which the user is signed in is signed out with its next request; how many."""
    theirs = [
        one.pk for one in Session.objects.filter(expire_date__gt=now).iterator() if one.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    deleted, _ = Session.objects.filter(pk__in=theirs).delete()
    return deleted
